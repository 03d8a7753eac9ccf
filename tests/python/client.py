"""A whole client of Outfield in one file: it does what docs/protocol.md says, with nothing but Python itself.

    python3 client.py URL CODE

enrols, pulls, reads the first contact, pushes a fact and an edit, pulls them again, makes a contact of what the
server tells of contacts, then tells lies and prints how the server rules. It answers one JSON object. It keeps nothing on disk, which a real client must.
"""

import hashlib
import json
import os
import sys
import time
import urllib.request
import uuid
import zlib

PLAIN = "application/vnd.outfield.frames.plain"
HELLO, WELCOME, ENTRY, VERDICT, WANT, START, ROW, FACT = 0x01, 0x02, 0x83, 0x84, 0x05, 0x86, 0x87, 0x88
DOCUMENT, CHANGE, OWN, CONFLICT, REMOVE, DESCRIPTOR = 0x89, 0x8A, 0x8B, 0x8C, 0x8D, 0x8E
CHECKPOINT, END, NEED, HISTORY = 0x8F, 0x10, 0x12, 0x91
RULINGS = ["accepted", "duplicate", "needs", "quarantined", "retry_later", "rewrite"]
CONFLICT_STATES = ["open", "resolved", "superseded"]


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def first_eight(*parts):
    return int.from_bytes(sha(*parts)[:8], "big")


# Section 2: numbers, CBOR, frames.


def unsigned(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def signed(number):
    out = bytearray()
    while True:
        byte, number = number & 0x7F, number >> 7
        if (number, byte & 0x40) in ((0, 0), (-1, 0x40)):
            return bytes(out + bytes([byte]))
        out.append(byte | 0x80)


class Reader:
    """Bytes that are read from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def __bool__(self):
        return self.at < len(self.data)

    def take(self, count):
        taken = self.data[self.at : self.at + count]
        if len(taken) < count:
            raise ValueError("ends too early")
        self.at += count
        return taken

    def unsigned(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def signed(self):
        start = self.at
        value = self.unsigned()
        bits = 7 * (self.at - start)
        return value - (1 << bits) if value >> (bits - 1) & 1 else value

    def prefixed(self):
        return self.take(self.unsigned())

    def cbor(self):
        first = self.take(1)[0]
        kind, small = first >> 5, first & 31
        if kind == 7:
            return {20: False, 21: True, 22: None}[small]
        count = small if small < 24 else int.from_bytes(self.take(1 << (small - 24)), "big")
        if kind == 0:
            return count
        if kind == 1:
            return -1 - count
        if kind == 2:
            return self.take(count)
        if kind == 3:
            return self.take(count).decode()
        if kind == 4:
            return [self.cbor() for _ in range(count)]
        if kind == 5:
            return {self.cbor(): self.cbor() for _ in range(count)}
        raise ValueError(f"CBOR of kind {kind} is not part of the protocol")


def cbor(value):
    def head(kind, count):
        if count < 24:
            return bytes([kind << 5 | count])
        size = next(size for size in range(4) if count < 1 << (8 << size))
        return bytes([kind << 5 | 24 + size]) + count.to_bytes(1 << size, "big")

    if value is None or isinstance(value, bool):
        return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(key) + cbor(item) for key, item in value.items())


def canonical(values):
    paths = sorted((path for path in values if values[path] is not None), key=str.encode)
    return cbor({path: values[path] for path in paths})


def frame(kind, content):
    body = bytes([kind]) + cbor(content)
    return unsigned(len(body)) + body


def frames(body):
    reader, known = Reader(body), set(range(0x83, 0x92)) | {HELLO, WELCOME, WANT, END, NEED}
    while reader:
        inner = Reader(reader.prefixed())
        kind = inner.take(1)[0]
        if kind in known:
            yield kind, inner.cbor()
        elif kind & 0x80:
            raise ValueError(f"frame {kind:#x} is not known here; update this client")


# Section 6: Automerge, as little of it as a flat map needs.


def runs(entries):
    """Equal neighbours as a run, the others one by one."""
    out, single, at = b"", [], 0
    while at < len(entries) or single:
        end = at
        while end < len(entries) and entries[end] == entries[at]:
            end += 1
        if end - at == 1:
            single.append(entries[at])
        else:
            if single:
                out += signed(-len(single)) + b"".join(single)
                single = []
            if end > at:
                out += signed(end - at) + entries[at]
        at = end
    return out


def spread(data, read):
    reader, entries = Reader(data), []
    while reader:
        run = reader.signed()
        entries += [read(reader)] * run if run > 0 else [read(reader) for _ in range(-run)]
    return entries


def sums(data):
    total, out = 0, []
    for step in spread(data, Reader.signed):
        total += step
        out.append(total)
    return out


def chunk(data, kind=1):
    """A sealed chunk and its hash."""
    head = bytes([kind]) + unsigned(len(data))
    digest = sha(head, data)
    return b"\x85\x6f\x4a\x83" + digest[:4] + head + data, digest


def change(actor, seq, start, at_ms, deps, puts):
    """`puts` are (path, value, what it replaces), the last as (counter, actor) in ascending order."""
    replaced = [name for _, _, names in puts for name in names]
    others = sorted({name[1] for name in replaced} - {actor})
    index = {name: number for number, name in enumerate([actor, *others])}
    metas, raw = [], b""
    for _, value, _ in puts:
        kind, data = scalar(value)
        metas.append(unsigned(len(data) << 4 | kind))
        raw += data
    counters = [name[0] for name in replaced]
    steps = [signed(one - before) for one, before in zip(counters, [0] + counters)]
    columns = [
        (0x15, runs([unsigned(len(path.encode())) + path.encode() for path, _, _ in puts])),
        (0x34, unsigned(len(puts))),
        (0x42, runs([b"\x01"] * len(puts))),
        (0x56, runs(metas)),
        (0x57, raw),
        (0x70, runs([unsigned(len(names)) for _, _, names in puts])),
        (0x71, runs([unsigned(index[name[1]]) for name in replaced])),
        (0x73, runs(steps)),
    ]
    columns = [(name, data) for name, data in columns if data]
    data = unsigned(len(deps)) + b"".join(sorted(deps)) + b"\x10" + actor + unsigned(seq) + unsigned(start)
    data += signed(at_ms) + b"\x00" + unsigned(len(others)) + b"".join(b"\x10" + other for other in others)
    data += unsigned(len(columns)) + b"".join(unsigned(name) + unsigned(len(data)) for name, data in columns)
    return chunk(data + b"".join(data for _, data in columns))


def scalar(value):
    if value is None or isinstance(value, bool):
        return {None: 0, False: 1, True: 2}[value], b""
    return (4, signed(value)) if isinstance(value, int) else (6, value.encode())


class History:
    """What stands at each path of a document, and its heads."""

    def __init__(self, saved):
        self.standing, self.heads, self.last, self.actors = {}, set(), 0, set()
        reader = Reader(saved)
        while reader:
            if reader.take(4) != b"\x85\x6f\x4a\x83":
                raise ValueError("this is no chunk")
            checksum, kind, data = reader.take(4), reader.take(1)[0], reader.prefixed()
            if kind == 2:
                kind, data = 1, zlib.decompress(data, -15)
            if chunk(data, kind)[1][:4] != checksum:
                raise ValueError("a chunk is damaged")
            self.document(Reader(data)) if kind == 0 else self.change(data)

    def document(self, data):
        actors = [data.prefixed() for _ in range(data.unsigned())]
        self.heads = {data.take(32) for _ in range(data.unsigned())}
        layouts = [[(data.unsigned(), data.unsigned()) for _ in range(data.unsigned())] for _ in range(2)]
        _, columns = [self.columns(data, layout) for layout in layouts]
        self.actors |= set(actors)
        keys = spread(columns[0x15], lambda reader: reader.prefixed().decode())
        ids = zip(sums(columns[0x23]), spread(columns[0x21], Reader.unsigned))
        for key, (counter, actor), replaced in zip(keys, ids, spread(columns[0x80], Reader.unsigned)):
            self.last = max(self.last, counter)
            if replaced == 0:
                self.standing.setdefault(key, set()).add((counter, actors[actor]))

    @staticmethod
    def columns(data, layout):
        taken = {name: data.take(length) for name, length in layout}
        return {name & ~8: zlib.decompress(raw, -15) if name & 8 else raw for name, raw in taken.items()}

    def change(self, data):
        digest, reader = chunk(data)[1], Reader(data)
        deps = {reader.take(32) for _ in range(reader.unsigned())}
        actor, _, start, _, _ = reader.prefixed(), reader.unsigned(), reader.unsigned(), reader.signed(), reader.prefixed()
        actors = [actor] + [reader.prefixed() for _ in range(reader.unsigned())]
        layout = [(reader.unsigned(), reader.unsigned()) for _ in range(reader.unsigned())]
        columns = self.columns(reader, layout)
        names = zip(sums(columns.get(0x73, b"")), spread(columns.get(0x71, b""), Reader.unsigned))
        keys = spread(columns[0x15], lambda reader: reader.prefixed().decode())
        metas, raw, written = spread(columns[0x56], Reader.unsigned), Reader(columns.get(0x57, b"")), {}
        for at, (key, count, meta) in enumerate(zip(keys, spread(columns[0x70], Reader.unsigned), metas)):
            gone = {(counter, actors[index]) for counter, index in (next(names) for _ in range(count))}
            self.standing[key] = self.standing.get(key, set()) - gone | {(start + at, actor)}
            self.last = max(self.last, start + at)
            text = raw.take(meta >> 4)
            written[key] = {0: None, 1: False, 2: True}.get(meta & 15) if meta & 15 < 3 else (
                Reader(text).signed() if meta & 15 == 4 else text.decode())
        self.heads = self.heads - deps | {digest}
        self.actors.add(actor)
        return written

    def edit(self, actor, seq, at_ms, values):
        puts = [(path, value, sorted(self.standing.get(path, ()))) for path, value in sorted(values.items())]
        return change(actor, seq, self.last + 1, at_ms, self.heads, puts)


# Sections 3 to 5: calls, greeting, pushing, pulling.


class Device:
    """One installation: who it is, what it holds."""

    def __init__(self, url, code):
        self.url, self.actor, self.tick, self.number = url, uuid.uuid4().bytes, 0, 0
        self.cursors, self.members, self.records, self.sent = {}, {}, {}, {}
        asked = {"code": code, "install": os.urandom(8).hex(), "name": "client.py"}
        self.tokens = json.loads(self.call("enrol", json.dumps(asked).encode(), "application/json"))

    def call(self, path, body, media_type=PLAIN):
        headers = {"Content-Type": media_type, "Accept": media_type}
        if path != "enrol":
            headers["Authorization"] = f"Bearer {self.tokens['token']}"
        asked = urllib.request.Request(f"{self.url}/sync/v1/{path}", data=body, headers=headers)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            if "Outfield-Protocol" not in answer.headers:
                raise OSError("what answered is no Outfield server")
            return answer.read()

    def descriptor(self, object):
        """What a record of an object may and must have; objects that come with Outfield tell it here alone."""
        headers = {"Authorization": f"Bearer {self.tokens['token']}"}
        asked = urllib.request.Request(f"{self.url}/api/v1/object/{object}", headers=headers)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.loads(answer.read())["data"]

    def begin(self, object):
        """A new record by its descriptor alone: what it must have, and a line that says where it belongs."""
        told = self.descriptor(object)
        if not told["rights"][self.tokens["role"]].get("create"):
            raise ValueError(f"who is a {self.tokens['role']} makes no {object}")
        must = {name: field for name, field in told["fields"].items() if field.get("required")}
        values = {name: f"{field['label']} by its descriptor" for name, field in must.items()}
        path = next(of["field"] for of in told["scope"] if of["bucket"] == "through")
        lines, _, name = path.split("/")
        of = told["lines"][lines]["fields"][name]["of"]
        place = next(id for id, held in self.records.items() if held["object"] == of)
        values[f"{lines}/one/{name}"] = str(uuid.UUID(bytes=place))
        puts = [(path, value, []) for path, value in sorted(values.items())]
        return change(self.actor, 1, 1, int(time.time() * 1000), [], puts)[0]

    def sum(self, bucket):
        weights = (first_eight(id, version.to_bytes(8, "big")) for id, version in self.members[bucket].items())
        return sum(weights) % (1 << 64)

    def hello(self):
        states = [
            name.encode() + b"\0" + cursor.to_bytes(8, "big") + self.sum(name).to_bytes(8, "big")
            for name, cursor in sorted(self.cursors.items())
        ]
        said = {0: 2, 1: 2, 2: self.actor, 3: first_eight(*states), 4: self.tick, 5: self.number}
        return dict(frames(self.call("hello", frame(HELLO, said))))[WELCOME]

    def push(self, *entries, group=None, count=None):
        """Entries are (is a fact, object, record, bytes, actor, time); all of a group become true, or none."""
        body = b""
        for is_fact, object, record, data, actor, at_ms in entries:
            self.number += 1
            said = {0: self.number, 1: is_fact, 2: object, 3: record, 4: data, 5: self.tick}
            if is_fact:
                said |= {6: actor, 7: at_ms}
            if group:
                said |= {8: group, 9: count or len(entries)}
            body += frame(ENTRY, said)
        verdicts = [content for _, content in frames(self.call("push", body))]
        return [(RULINGS[said[1][0]], said[1][1], said[0]) for said in verdicts]

    def pull(self, buckets):
        asked = b"".join(frame(WANT, {0: name, 1: self.cursors.get(name, 0)}) for name in buckets)
        bucket = None
        for kind, said in frames(self.call("pull", asked)):
            if kind == START:
                bucket = said[0]
                if said[1] == 0:
                    self.members[bucket] = {}
            elif kind == CHECKPOINT:
                if self.sum(bucket) != said[2]:
                    raise ValueError(f"{bucket} is not what the server holds")
                self.cursors[bucket] = said[1]
            elif kind == END:
                self.tick = said[0]
            elif bucket is not None and kind != HISTORY:
                self.take(bucket, kind, said)

    def take(self, bucket, kind, said):
        if kind == CONFLICT:
            conflict = said[1]
            self.set(bucket, conflict[0], first_eight(CONFLICT_STATES[conflict[6]].encode()))
            return
        if kind == DESCRIPTOR:
            self.set(bucket, said[1], first_eight(said[2].encode()))
            return
        object, id = said[1], said[2]
        if kind == REMOVE:
            self.members[bucket].pop(id, None)
            return
        if kind in (ROW, FACT):
            self.records[id] = {"object": object, "values": said[3]}
            version = first_eight(canonical(said[3]))
        elif kind == DOCUMENT:
            held = self.records.get(id)
            if held is None or not set(said[4]) <= held["known"]:
                held = {"object": object, "values": said[5], "saved": said[3], "heads": said[4]}
                self.records[id] = held | {"known": set(said[4])}
            version = self.version(id)
        elif kind == OWN and said[3] not in self.sent:
            raise ValueError("what came back as ours is not")
        else:
            data = said[3] if kind == CHANGE else self.sent[said[3]]
            if data is not None:
                self.merge(id, data)
            held = self.records[id]
            version = self.version(id) if "heads" in held else first_eight(canonical(held["values"]))
        self.set(bucket, id, version)

    def set(self, bucket, id, version):
        self.members[bucket][id] = version
        for members in self.members.values():
            if id in members:
                members[id] = version

    def version(self, id):
        return first_eight(*sorted(self.records[id]["heads"]))

    def merge(self, id, data):
        held = self.records[id]
        reader = Reader(data)
        reader.take(9)
        plain = reader.prefixed() if data[8] == 1 else zlib.decompress(reader.prefixed(), -15)
        digest = chunk(plain)[1]
        if digest in held["known"]:
            return
        history = History(held["saved"])
        written = history.change(plain)
        # With nothing competing, what was written last shows.
        held["values"] |= {path: value for path, value in written.items() if len(history.standing[path]) == 1}
        held |= {"saved": held["saved"] + data, "heads": sorted(history.heads)}
        held["known"].add(digest)


def main(url, code):
    device, now = Device(url, code), int(time.time() * 1000)
    device.pull(device.hello()[10])
    id, contact = next((id, held) for id, held in device.records.items() if held["object"] == "contact")
    before = dict(contact["values"])

    history = History(contact["saved"])
    edit, digest = history.edit(device.actor, 1, now, {"phone": "+14795550199"})
    fact = uuid.uuid4().bytes
    values = {"contact": str(uuid.UUID(bytes=id)), "kind": "call", "note": "From a client in another language"}
    note = canonical(values | {"owner": device.tokens["user"]})
    work = [(True, "follow_up", fact, note, device.actor, now), (False, "contact", id, edit, None, None)]
    rulings = [ruling for ruling, _, _ in device.push(*work, group=uuid.uuid4().bytes)]
    again = [ruling for ruling, _, _ in device.push(*work)]
    device.records[fact] = {"object": "follow_up", "values": Reader(note).cbor()}
    device.sent = {digest: edit, sha(fact, note): None}
    welcome = device.hello()
    device.pull(welcome[10])
    same = device.hello()[9]

    made = uuid.uuid4().bytes
    begun = device.push((False, "contact", made, device.begin("contact"), None, None))[0][0]
    lies = {}

    def lie(name, data, **group):
        ruling, detail, _ = device.push((False, "contact", id, data, None, None), **group)[0]
        lies[name] = detail[0] if ruling == "quarantined" else ruling

    now_held, stranger = History(contact["saved"]), next(iter(history.actors))
    make = lambda actor, seq, start, replaced: change(
        actor, seq, start, now, now_held.heads, [("phone", "+14795550666", replaced)])[0]
    standing, start = sorted(now_held.standing["phone"]), now_held.last + 1
    honest = make(device.actor, 2, start, standing)
    lie("half", honest, group=uuid.uuid4().bytes, count=2)
    lie("checksum", honest[:4] + bytes([honest[4] ^ 1]) + honest[5:])
    lie("content", honest[:-1] + bytes([honest[-1] ^ 1]))
    lie("actor", make(stranger, 1, start, standing))
    lie("sequence", make(device.actor, 3, start, standing))
    lie("counter", make(device.actor, 2, start + 1, standing))
    lie("replaces", make(device.actor, 2, start, []))
    lie("depends", change(device.actor, 2, 1, now, [sha(b"nobody")], [("phone", "+1", [])])[0])
    answer = {"read": before, "rulings": rulings, "again": again, "lies": lies, "fact": str(uuid.UUID(bytes=fact))}
    answer |= {"contact": str(uuid.UUID(bytes=id)), "now": contact["values"], "same": same}
    answer |= {"made": str(uuid.UUID(bytes=made)), "begun": begun}
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
