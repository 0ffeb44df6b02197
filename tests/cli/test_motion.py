from latentscape.cli.motion import _said_once
from latentscape.records import Row, Undefined


def test_what_no_row_defines_for_one_reason_is_said_once():
    nothing, own = Undefined(name="motion_skill", why="no room"), Undefined(name="r2", why="flat")
    rows = [
        Row(name="linear", measures=(), undefined=(nothing,)),
        Row(name="conv", measures=(), undefined=(nothing, own)),
    ]
    kept, said = _said_once(rows)
    assert said == ["motion_skill: not defined, no room"]
    assert [row.undefined for row in kept] == [(), (own,)]
