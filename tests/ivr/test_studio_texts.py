"""What Studio's conditions and Liquid templates say, our machine does."""

from __future__ import annotations

import pytest

from tests.ivr.studio_flows import Json, Talk, document, say, split, widget
from tongdai.ivr.importers.studio import load
from tongdai.ivr.nodes import (
    Opaque,
)

# --- split ----------------------------------------------------------------------------------------


CONDITIONS: list[tuple[str, str, list[object], list[object]]] = [
    ("equal_to", "Yes", ["yes", " YES ", "yEs"], ["yes!", "", "ye s", None]),
    ("equal_to", "1", ["1", 1, " 1"], ["01", 2, True]),
    ("equal_to", "true", [True, "True"], [False, "", 1]),
    ("not_equal_to", "yes", ["no", "", None], ["YES "]),
    ("matches_any_of", "a, B,c", ["A", "b ", "c"], ["a, b,c", "d", None]),
    ("does_not_match_any_of", "a,b", ["c", ""], ["A", "b"]),
    ("is_blank", "Is Blank", [None, "", "  ", [], {}], ["x", 0, False, {"a": 1}, [1]]),
    ("is_not_blank", "Is Not Blank", ["x", 0, False, {"a": 1}], [None, " "]),
    ("contains", "No", ["no", "well, NO.", "nothing"], ["n o", "", None]),
    ("does_not_contain", "no", ["yes", ""], ["noon"]),
    ("starts_with", "+84", ["+8490", " +84"], ["84", "x+84"]),
    ("does_not_start_with", "a", ["b", ""], ["Ab"]),
    ("less_than", "10", ["9", 9, "-1", " 9.5 "], ["10", "", "x", None, 11]),
    ("greater_than", "2.5", ["3", 2.6], ["2.5", "02", "x"]),
    ("regex", "yes|y|sure.*", ["YES", "y", "sure thing"], ["yess", "no", ""]),
    ("regex", r"^\d{5}$", ["12345", " 00000 ", 12345], ["1234", "123456", "1234a", "-1234", ""]),
    ("regex", "[0-9]{2,3}", ["12", "123"], ["1", "1234", "1.2"]),
    ("regex", r"\d+", ["1", "12345678"], ["", "a", "1 2"]),
    ("regex", r"^[0-9]*$", ["", "7", None], ["x"]),
    ("regex", r"\d{2,}", ["12", "123"], ["1"]),
    ("regex", "^.*agent.*$", ["an Agent, please"], ["agnet"]),
    ("equal_to", "ĐÚNG", ["đúng"], ["dung"]),
    ("equal_to", 'a "b" \\ {c}', ['A "B" \\ {C}'], ["a b c"]),
]


@pytest.mark.parametrize(("operator", "value", "holds", "fails"), CONDITIONS)
def test_a_split_compares_as_studio_does(
    operator: str, value: str, holds: list[object], fails: list[object]
) -> None:
    """Without case and outer blanks, over what a template shows."""
    made = document(
        split("s", "{{flow.data.x}}", (operator, value, "yes"), other="no"), say("yes"), say("no")
    )
    assert (5, 5) == load(made).native or (4, 4) == load(made).native
    got = [Talk(made, flow={"data": {"x": x}}).heard for x in holds]
    assert [["yes"]] * len(holds) == got
    got = [Talk(made, flow={"data": {"x": x}}).heard for x in fails]
    assert [["no"]] * len(fails) == got


def test_a_split_takes_the_first_match_and_all_conditions_of_it() -> None:
    """Matches are tried in their order; the conditions of one must all hold."""
    made = document(
        split("s", "{{flow.data.x}}", ("contains", "a", "one"), ("contains", "ab", "two")),
        say("one"),
        say("two"),
    )
    made["states"][1]["transitions"][1]["conditions"].append(
        {"type": "contains", "arguments": ["{{flow.data.y}}"], "value": "b", "friendly_name": ""}
    )
    assert ["one"] == Talk(made, flow={"data": {"x": "ab", "y": "b"}}).heard
    assert ["two"] == Talk(made, flow={"data": {"x": "ab", "y": "c"}}).heard
    assert [] == Talk(made, flow={"data": {"x": "", "y": "b"}}).heard


def test_a_split_may_test_and_compare_templates() -> None:
    """Both sides may be templates; of more than a name, the text is worked out first."""
    made = document(
        split("s", "{{flow.data.x}}-{{flow.data.y}}", ("equal_to", "{{flow.data.z}}", "yes")),
        say("yes"),
    )
    assert ["yes"] == Talk(made, flow={"data": {"x": "A", "y": 1, "z": "a-1"}}).heard
    assert [] == Talk(made, flow={"data": {"x": "A", "y": 2, "z": "a-1"}}).heard


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("regex", "[0-9]{5}-[0-9]{4}"),
        ("regex", "\\d{0,3}"),
        ("regex", "(a|b)c"),
        ("regex", "^a|b$"),
        ("is_before_time", "18:00"),
        ("is_after_date", "2026-01-01"),
        ("less_than", "ten"),
        ("is_purple", ""),
    ],
)
def test_a_condition_that_we_cannot_test_makes_the_split_opaque(operator: str, value: str) -> None:
    """It is told, and the widget is kept whole."""
    made = document(split("s", "{{flow.data.x}}", (operator, value, "yes")), say("yes"))
    found = load(made)
    kept = found.flow.nodes["s"]
    assert isinstance(kept, Opaque)
    assert {"match": "yes", "noMatch": "end"} == dict(kept.others)
    assert [operator, value] == [
        kept.parameters["transitions"][0]["conditions"][0][name] for name in ("type", "value")
    ]
    assert ["s"] == [told.node for told in found.diagnostics]


# --- templates ------------------------------------------------------------------------------------

DATA: Json = {
    "name": "Lan",
    "n": "2",
    "list": [{"id": 7}, {"id": 8}],
    "yes": True,
    "no": False,
    "empty": "",
    "nothing": None,
    "my key": "k",
    "one": 1,
}


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("Hi {{flow.data.name}}!", "Hi Lan!"),
        ("{{ flow.data.name }}{{flow.data.n}}", "Lan2"),
        ("{a} {{flow.data.nothing}}}", "{a} }"),
        ("{{flow.data.list[1].id}} {{flow.data['name']}} {{ flow . data . n }}", "8 Lan 2"),
        ("{{flow.data.missing.deep}}", ""),
        ("{{ flow.data['my key'] }}{{flow.data.list[-1].id}}", "k8"),
        ("{% assign i = 1 %}{{flow.data.list[i].id}}{{flow.data.list[flow.data.one].id}}", "88"),
        ("{{flow.data.list[flow.data.n].id}}", ""),
        ("{% assign i = flow.data.n | minus: 1 %}{{flow.data.list[i]['id']}}", "8"),
        ("{% for i in (1..3) %}{{i}},{% endfor %}.", "1,2,3,."),
        ("{% for i in (1..0) %}{{i}}{% endfor %}.", "."),
        ("{% for x in flow.data.list %}{{forloop.index}}={{x.id}} {% endfor %}", "1=7 2=8 "),
        ("{% for x in flow.data.nothing %}{{x}}{% endfor %}.", "."),
        (
            "{% for i in (1..2) %}{% for x in flow.data.list %}{{i}}{{x.id}} {% endfor %}"  # noqa: ISC004 - one template
            "{{flow.data.list[forloop.index0].id}};{% endfor %}",
            "17 18 7;27 28 8;",
        ),
        (
            "{% for x in flow.data.list %}{% if x.id == 8 %}8!{% else %}-{% endif %}{% endfor %}",
            "-8!",
        ),
        ("{{flow.data.list | first | size}}{% assign a = flow.data.list | last %}{{a.id}}", "18"),
        ("{{flow.data.n | plus: 1}}", "3"),
        ("{{flow.data.nothing | plus: 1}} {{flow.data.n|minus:3}}", "1 -1"),
        ("{{flow.data.n | times: 1.5 }}", "3"),
        ("{{'a' | append: flow.data.name | upcase}}", "ALAN"),
        ("{{flow.data.name | prepend: 'Ms {x} '}}", "Ms {x} Lan"),
        ('{{flow.data.empty | default: "you"}}', "you"),
        ("{{flow.data.name | size}} {{flow.data.list | size}}", "3 2"),
        ("{{'whatsapp:+84' | remove: 'whatsapp:'}}", "+84"),
        ("{{flow.data.name | slice: 0, 2}} {{flow.data.name | slice: -1, 1}}", "La n"),
        ("{{'a-b' | replace: '-', '+' }}", "a+b"),
        ("{% if flow.data.yes %}A{% else %}B{% endif %}", "A"),
        ("{% if flow.data.no %}A{% else %}B{% endif %}", "B"),
        ("{% if flow.data.empty %}A{% endif %}", "A"),
        ("{% if flow.data.nothing %}A{% endif %}.", "."),
        ("{% unless flow.data.name == 'Lan' %}A{% endunless %}B", "B"),
        ("{% if flow.data.n == 2 %}A{% elsif flow.data.n == '2' %}B{% else %}C{% endif %}", "B"),
        ("{% if flow.data.name contains 'a' and flow.data.empty == blank %}A{% endif %}", "A"),
        ("{% if flow.data.name != empty or flow.data.x == nil and false %}A{% endif %}", "A"),
        (
            "{% case flow.data.name %} x {% when 'An', 'Lan' %}A{% when 'B' %}B{% endcase %}",
            "A",
        ),
        ("{% case flow.data.n %}{% when 'x' %}X{% else %}O{{flow.data.n}}{% endcase %}", "O2"),
        ("{% if flow.data.yes %}{% if flow.data.no %}A{% else %}B{% endif %}{% endif %}", "B"),
        ("{% assign x = flow.data.n | plus: 1 %}{{x}}{% assign x = 9 %}{{x}}", "39"),
        ("{% if flow.data.yes %}{% assign x = 1 %}{% endif %}{{x}}", "1"),
        ("{% if flow.data.no %}{% assign x = 1 %}{% endif %}[{{x}}]", "[]"),
        ("{% assign x = 1 %}{{x}}{% if flow.data.yes %}{% assign x = 2 %}{% endif %}{{x}}", "12"),
        ("{% capture x %}a{{flow.data.n}}{% endcapture %}{{x | upcase}}", "A2"),
        ("a{% comment %}b{{x | unknown}}{% endcomment %}c", "ac"),
        ("{% raw %}{{x}}{% endraw %}", "{{x}}"),
        ("a  {{- flow.data.n -}}  b", "a2b"),
    ],
)
def test_liquid_shows_what_it_shows_there(template: str, shown: str) -> None:
    """A message says what Liquid would make of it."""
    made = document(widget("m", "send-message", {"body": template}), incomingMessage="m")
    assert (2, 2) == load(made).native
    assert [shown] == Talk(made, "sms", flow={"data": DATA}).heard


@pytest.mark.parametrize(
    "template",
    [
        "{{'now' | date: '%H:%M'}}",
        "{% for i in (1..3) reversed %}{{i}}{% endfor %}",
        "{% for x in flow.data.list limit:1 %}{{x.id}}{% endfor %}",
        "{% for i in (1..3) %}{{i}}",
        "{% for i in (1..3) %}{{i}}{% break %}{% endfor %}",
        "{% for i in (1..3) %}{{forloop.last}}{% endfor %}",
        "{{flow.data.list | map: 'id'}}",
        "{% if a %}",
        "{% endif %}",
        "{{a",
        "{% case a %}{% endcase %}",
        "{{a | plus}}",
        "{{a b}}",
        "{{}}",
        "{% if a %}" * 40 + "{% endif %}" * 40,
        "x" * 20_000,
    ],
)
def test_liquid_that_we_cannot_run_makes_the_widget_opaque(template: str) -> None:
    """It is never dropped and never guessed."""
    made = document(
        widget("m", "send-message", {"body": template}, sent="bye"), say("bye"), incomingMessage="m"
    )
    found = load(made)
    kept = found.flow.nodes["m"]
    assert isinstance(kept, Opaque)
    assert template == kept.parameters["body"]
    assert ("m", "warning", "send-message") == (
        found.diagnostics[0].node,
        found.diagnostics[0].level,
        found.diagnostics[0].kind,
    )
