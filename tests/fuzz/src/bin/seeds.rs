use std::io::Write;
use outfield_core::base::id::ActorId; use outfield_core::base::time::Timestamp; use outfield_core::crdt::Document; use outfield_core::objects::{Value, Values};
use outfield_fuzz::crafter;
fn piece(k: u8, b: &[u8]) -> Vec<u8> { let mut v = vec![k]; v.extend((b.len() as u16).to_be_bytes()); v.extend(b); v }
fn values(v: &[(&str, Value)]) -> Values { v.iter().map(|(p, v)| ((*p).to_owned(), v.clone())).collect() }
fn data(c: &[u8]) -> Vec<u8> { crafter::data_of(c).to_vec() }
fn save(name: &str, b: &[u8]) { std::fs::File::create(std::env::args().nth(1).unwrap() + "/" + name).unwrap().write_all(b).unwrap(); }
fn main() {
    let (a, b) = (ActorId([1; 16]), ActorId([2; 16]));
    let mut one = Document::new();
    let c1 = one.write(a, Timestamp(1000), &values(&[("name", "Harp's".into()), ("open", true.into()), ("seats", Value::Int(-3)), ("note", Value::Null)])).unwrap();
    let mut two = one.clone();
    let c2 = one.write(a, Timestamp(2000), &values(&[("name", "Harps".into()), ("lines/l1/units", Value::Int(7))])).unwrap();
    let c3 = two.write(b, Timestamp(1500), &values(&[("name", "Harpers".into())])).unwrap();
    one.apply(&[c3.clone()]).unwrap();
    let c4 = one.write(b, Timestamp(3000), &values(&[("name", "H".into()), ("open", false.into())])).unwrap();
    save("one", &piece(1, &data(&c1.bytes)));
    save("deflated", &piece(2, &data(&c1.bytes)));
    save("raw", &piece(0, &c1.bytes));
    save("history", &[&c1, &c2, &c3, &c4].iter().flat_map(|c| piece(1, &data(&c.bytes))).collect::<Vec<_>>());
    let rest = |d: Vec<u8>| { let n = d[0] as usize; d[1 + 32 * n..].to_vec() };
    save("upon", &[piece(4, &rest(data(&c1.bytes))), piece(4, &rest(data(&c2.bytes)))].concat());
    save("saved", &piece(3, &data(&one.save())));
    save("saved_raw", &piece(0, &one.save()));
    let mut four = Document::load(&one.save(), &[]).unwrap();
    let c5 = four.write(b, Timestamp(4000), &values(&[("name", "T".into())])).unwrap();
    save("saved_tail", &[piece(3, &data(&one.save())), piece(1, &data(&c5.bytes))].concat());
}
