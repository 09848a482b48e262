import pytest
def show(r):
    for t,rows in r.rows.items():
        if t=="entries": continue
        for row in rows: print(t, {k:v for k,v in row.items() if v is not None and k not in("_dlt_id","_dlt_root_id","_dlt_parent_id","event_at","content_locale","locale")})
    print(r.findings)
F=lambda t,**k: {"uid":"f","data_type":t,**k}
@pytest.mark.parametrize("e,s", [
 ([{"f":"old"},{"f":["new"]}],[F("text",multiple=True)]),
 ([{"f":"old"},{"f":["new"]}],None),
 ([{"f":{"uid":"u","x":1}},{"f":"c"}],[F("text")]),
 ([{"f":{"uid":"u","locale":"c"}},{"f":"c"}],[]),
 ([{"Foo":1,"foo":2,"g":{"a":1}},{"foo":3},{"Foo":4}],None),
], ids=str)
def test_p(loaded, e,s):
    show(loaded(*e,schema=s))
