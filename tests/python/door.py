"""Drives the core through its generated Python bindings, as an app would: a visit and a sync, then a dead network.

`tests/tests/bindings_python.rs` generates the module `outfield`, starts a server, and runs the two classes one after
the other, the second without the server. It says where things are in OUTFIELD_URL, OUTFIELD_CODE and OUTFIELD_DB.
"""

import faulthandler
import json
import os
import unittest

from outfield import AnswerObserver, FieldError, Observer, Outfield

URL, CODE, DB = (os.environ[f"OUTFIELD_{name}"] for name in ("URL", "CODE", "DB"))
# An app has it from the system's key store.
KEY = bytes(range(32))

AT_THE_KIOSK = "39.781700,-89.650100"
# About eleven kilometres to the north.
ELSEWHERE = "39.881700,-89.650100"


class Diary(Observer):
    """Writes down what changed, and at once asks for it, as a screen would."""

    def __init__(self, house):
        self.house = house
        self.states = {}

    def changed(self, object, ids):
        for id in ids:
            self.states.setdefault(id, []).append(json.loads(self.house.get(object, id).data).get("state"))


class AnswerDiary(AnswerObserver):
    """Writes down what became of an answer, and asks for it at once."""

    def __init__(self, house):
        self.house = house
        self.told = []

    def answer_changed(self, change):
        for id in change.entered + change.changed:
            self.house.get("visit", id)
        self.told.append((change.entered, change.left, change.changed))


class Faulty(Observer):
    """Throws whatever it hears."""

    def changed(self, object, ids):
        raise ValueError(f"{object} is too much for this screen")


class DoorTest(unittest.TestCase):
    """What both classes need: the house, and calls in Python's own types."""

    def setUp(self):
        self.house = Outfield.open(DB, KEY)

    def do(self, verb, **fields):
        """Carries out a command and gives the receipt."""
        return self.house.execute(json.dumps({"do": verb, **fields}))

    def read(self, question, *arguments, **options):
        """What a question answers."""
        return json.loads(getattr(self.house, question)(*arguments, **options).data)

    def refused(self, call, *arguments, **options):
        """The refusal that a call must meet; what it says fits on a screen."""
        with self.assertRaises(FieldError.Refused) as caught:
            call(*arguments, **options)
        self.assertTrue(caught.exception.reason)
        return caught.exception

    def unsent(self):
        return self.read("status")["unsent"]


class WithServer(DoorTest):
    """One story, told in the order of the names."""

    def test_1_before_enrolment_there_is_no_work(self):
        self.assertIsNone(self.read("status")["enrolled"])
        with self.assertRaises(FieldError.SignIn):
            self.do("start_visit", account="01a20d74-badf-79c5-87f9-1e24b72528a9")
        with self.assertRaises(FieldError.SignIn):
            self.house.sync()
        wrong = self.refused(self.house.enrol, "no address", CODE)
        self.assertEqual((wrong.code, wrong.fields, wrong.bad_input), ("bad_url", ["url"], True))
        with self.assertRaises(FieldError.TryLater):
            self.house.enrol("http://127.0.0.1:1", CODE)

    def test_2_enrolling_and_a_sync_bring_the_accounts(self):
        receipt = self.house.enrol(URL, CODE)
        self.assertEqual(json.loads(receipt.data)["name"], "Ana")
        self.assertEqual(self.read("status")["enrolled"]["device"], receipt.id)
        self.assertGreater(self.read("sync")["received"], 0)
        near = self.read("list", "account", near=AT_THE_KIOSK, within_m=500)
        self.assertEqual([(account["code"], account["distance_m"]) for account in near], [("K1", 0)])
        everywhere = self.read("list", "account", near=AT_THE_KIOSK, within_m=50_000)
        self.assertEqual([account["code"] for account in everywhere], ["K1", "K2"])
        self.assertEqual([account["code"] for account in self.read("list", "account", near=AT_THE_KIOSK)], ["K1"])
        self.assertEqual(len(self.read("list", "account", limit=1)), 1)
        self.assertEqual([found["code"] for found in self.read("search", "kio two")], ["K2"])
        self.assertEqual(self.read("digest")["account"]["count"], 2)

    def test_3_a_visit_goes_from_start_to_check_out_and_to_the_server(self):
        diary = Diary(self.house)
        self.house.observe(diary)
        account = self.read("list", "account", near=AT_THE_KIOSK)[0]["id"]

        visit = self.do("start_visit", account=account).id
        self.assertEqual([open["id"] for open in self.read("today")], [visit])
        self.assertEqual(diary.states[visit], ["in_progress"])

        outside = self.refused(self.do, "check_in", visit=visit, position=ELSEWHERE, accuracy_m=8)
        numbers = json.loads(outside.numbers)
        self.assertEqual(sorted(numbers), ["accuracy_m", "distance_m", "fence_m"])
        self.assertGreater(numbers["distance_m"], numbers["fence_m"])
        self.assertEqual((outside.code, outside.bad_input), ("outside_fence", False))
        self.do("check_in", visit=visit, position=AT_THE_KIOSK, accuracy_m=8)

        undone = self.refused(self.do, "check_out", visit=visit)
        self.assertEqual((undone.code, undone.bad_input), ("mandatory_undone", False))
        actions = self.read("get", "visit", visit)["actions"]
        mandatory = [line for line, action in actions.items() if action["mandatory"]]
        self.assertEqual(len(mandatory), 2)
        for action in mandatory:
            self.do("answer_action", visit=visit, action=action, value="12")
        receipt = self.do("check_out", visit=visit)
        self.assertEqual((receipt.id, json.loads(receipt.data)["state"]), (visit, "completed"))
        self.assertEqual((self.read("today"), diary.states[visit][-1]), ([], "completed"))

        waiting = self.read("outbox")
        self.assertEqual((len(waiting), {entry["record"] for entry in waiting}), (self.unsent(), {visit}))
        self.assertEqual(self.read("sync")["unsent"], 0)
        self.assertEqual((self.unsent(), self.read("outbox"), self.read("needs_attention")), (0, [], []))

    def test_4_what_a_screen_throws_does_not_undo_work(self):
        diary = Diary(self.house)
        self.house.observe(Faulty())
        self.house.observe(diary)
        visit = self.do("start_visit", account=self.read("list", "account")[0]["id"]).id
        self.assertEqual(diary.states[visit], ["in_progress"])
        self.assertEqual(self.do("cancel_visit", visit=visit, reason="closed today").id, visit)
        self.assertEqual(self.read("sync")["unsent"], 0)

    def test_4_queries_are_answered_and_observed(self):
        query = {"object": "visit", "where": {"field": "state", "equals": "in_progress"}, "count": True}
        self.assertEqual(self.read("query", json.dumps(query)), {"records": [], "next": None, "count": 0})
        diary = AnswerDiary(self.house)
        number = self.house.observe_query(json.dumps(query), diary)
        visit = self.do("start_visit", account=self.read("list", "account")[0]["id"]).id
        self.assertEqual([found["id"] for found in self.read("query", json.dumps(query))["records"]], [visit])
        self.read("sync")
        self.do("cancel_visit", visit=visit, reason="closed today")
        self.assertEqual((diary.told[0], diary.told[-1]), (([visit], [], []), ([], [visit], [])))
        told = len(diary.told)
        self.assertTrue(self.house.stop_observing(number))
        self.assertFalse(self.house.stop_observing(number))
        self.do("start_visit", account=self.read("list", "account")[1]["id"])
        self.assertEqual(len(diary.told), told)
        self.do("cancel_visit", visit=self.read("today")[0]["id"], reason="closed today")
        self.assertEqual(self.read("sync")["unsent"], 0)
        unknown = self.refused(self.house.observe_query, '{"object": "visti"}', diary)
        self.assertEqual((unknown.code, unknown.fields), ("unknown_object", ["object"]))

    def test_5_nonsense_is_refused_as_bad_input(self):
        calls = [
            (self.house.execute, "{nonsense"),
            (self.house.execute, '{"do": "fly"}'),
            (self.house.get, "visit", "nobody"),
            (self.house.get, "unicorn", "01a20d74-badf-79c5-87f9-1e24b72528a9"),
            (self.house.list, "account", "north", 5),
            (self.house.list, "account", AT_THE_KIOSK, -1),
        ]
        for call in calls:
            with self.subTest(call[1:]):
                self.assertTrue(self.refused(*call).bad_input)
        self.assertEqual(self.unsent(), 0)

    def test_6_rebuilding_changes_nothing(self):
        before = self.read("digest")
        self.assertGreater(self.read("rebuild")["documents"], 0)
        self.assertEqual(self.read("digest"), before)
        self.assertEqual(self.read("conflicts"), [])


class WithoutServer(DoorTest):
    """The same device later, where there is no signal."""

    def test_work_goes_on_and_sync_says_try_later(self):
        visit = self.do("start_visit", account=self.read("list", "account")[0]["id"]).id
        with self.assertRaises(FieldError.TryLater) as caught:
            self.house.sync()
        self.assertTrue(caught.exception.reason)
        self.assertEqual(self.read("get", "visit", visit)["state"], "in_progress")
        self.assertGreater(self.unsent(), 0)


if __name__ == "__main__":
    # A call that never answers is a fault too: after two minutes every thread says where it stands, and all ends.
    faulthandler.dump_traceback_later(120, exit=True)
    unittest.main(failfast=True)
