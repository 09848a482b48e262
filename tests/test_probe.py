import pytest
def show(r):
    for t,rows in r.rows.items():
        if t=="entries": continue
        for row in rows: print(t, {k:v for k,v in row.items() if v is not None and k not in("_dlt_id","_dlt_root_id","_dlt_parent_id","event_at","content_locale","locale")})
@pytest.mark.parametrize("e", [
 [{"Price":{"v":1},"price":1},{"price":2}],
 [{"Price":{"v_text":"a"},"price":1},{"price":2}],
 [{"Aa":{"v":1},"bb":1},{"bb":2}],
 [{"Foo":1,"foo":2},{"foo":3},{"Foo":4}],
 [{"Foo":"x","foo":2},{"foo":3},{"Foo":4}],
], ids=str)
def test_p(loaded, e):
    show(loaded(*e))
