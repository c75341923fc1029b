"""The drawn session strip: what it says, where it links, and what it refuses."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, time, timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from clinic import samples
from clinic.strip import FollowUp, FollowUpKey, Mark, Miss, State, Strip

SIZES = ["", 'size="medium"', 'size="small"', 'size="small" step=22']
ON = date(2026, 11, 17)
AT = date(2026, 12, 1)


def draw(strip: object, options: str = "") -> str:
    template = Template("{% load strip %}{% session_strip strip " + options + " %}")
    return template.render(Context({"strip": strip}))


class Reader(HTMLParser):
    """Collects the elements with their attributes and the text that is meant for the ear or eye."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def having(self, name: str, value: str) -> list[tuple[str, dict[str, str | None]]]:
        return [(tag, attrs) for tag, attrs in self.elements if attrs.get(name) == value]


def spoken(html: str) -> list[str]:
    """What a screen reader meets, in order."""
    return re.findall(r'class="strip-spoken">([^<]*)<', html)


def labels(html: str) -> list[str]:
    return re.findall(r'class="strip-label[^>]*>([^<]*)<', html)


def one(mark: Mark) -> str:
    """A strip that holds a single mark, drawn large."""
    return draw(Strip(planned=1, marks=(mark,)))


@pytest.mark.parametrize(
    ("mark", "sentence", "label"),
    [
        (
            Mark(4, State.DONE, on=ON),
            "Session 4, done Tuesday 17 November",
            "17 Nov",
        ),
        (
            Mark(5, State.TODAY, on=ON, at=time(10, 15), arrived=True),
            "Session 5, today 10:15, arrived",
            "Today",
        ),
        (Mark(5, State.TODAY, on=ON, at=time(10, 15)), "Session 5, today 10:15", "Today"),
        (Mark(5, State.TODAY, on=ON), "Session 5, today", "Today"),
        (
            Mark(6, State.BOOKED, on=AT),
            "Session 6, booked Tuesday 1 December",
            "1 Dec",
        ),
        (Mark(6, State.OVERDUE, days_late=18), "Session 6, overdue 18 days", "18 d late"),
        (Mark(6, State.OVERDUE, days_late=1), "Session 6, overdue 1 day", "1 d late"),
        (
            Mark(6, State.MISSED, on=ON),
            "Session 6, missed Tuesday 17 November",
            "17 Nov",
        ),
        (
            Mark(6, State.NEXT, due_from=AT, due_by=date(2026, 12, 15)),
            "Session 6, not booked, due 1 to 15 December",
            "due 1 Dec",
        ),
        (
            Mark(6, State.NEXT, due_from=ON, due_by=AT, is_open=True),
            "Session 6, not booked, due 17 November to 1 December",
            "by 1 Dec",
        ),
        (Mark(8, State.FREE), "Session 8, planned", ""),
    ],
    ids=lambda value: value.state if isinstance(value, Mark) else "",
)
def test_mark_is_spoken_and_labelled(mark: Mark, sentence: str, label: str) -> None:
    html = one(mark)
    assert spoken(html) == [sentence]
    assert labels(html) == [label]


def test_large_running_course_speaks_every_item_in_order() -> None:
    assert spoken(draw(samples.running())) == [
        "Session 1, done Tuesday 20 October",
        "Session 2, done Tuesday 27 October",
        "Session 3, done Tuesday 3 November",
        "Missed Tuesday 10 November, moved to 17 November",
        "Session 4, done Tuesday 17 November",
        "Session 5, today 10:15, arrived, then review, due",
        "Session 6, booked Tuesday 1 December",
        "Session 7, booked Tuesday 8 December",
        "Session 8, not booked, due 15 to 29 December",
        "Session 9, planned",
        "Session 10, planned, then review",
        "Session 11, planned",
        "Session 12, planned, then review",
        "Check 4 weeks after the end, planned",
        "Check 3 months after the end, planned",
        "Check 6 months after the end, planned",
    ]


def test_large_finished_course_labels_its_checks() -> None:
    assert labels(draw(samples.finished()))[-3:] == ["1 Sep", "20 d late", "+6 mo"]


def test_large_paused_course_says_since_when() -> None:
    assert spoken(draw(samples.paused()))[3] == "Paused since Saturday 24 October"


def test_large_closed_course_shows_the_reason_and_no_further_session() -> None:
    html = draw(samples.closed_early())
    assert len(Reader(html).having("class", "strip-item")) == 3
    assert "closed 2 Nov after 3 of 10: moved away" in html


@pytest.mark.parametrize(
    ("sample", "sentence"),
    [
        (
            "running",
            "4 of 12 done, session 5 today, review due, sessions 6 to 7 booked, session 8 not booked",
        ),
        ("late", "5 of 10 done, session 6 overdue 18 days"),
        ("missed", "5 of 10 done, session 6 missed"),
        ("paused", "3 of 10 done, paused"),
        ("closed_early", "3 of 10 done, closed 2 Nov after 3 of 10: moved away"),
        (
            "finished",
            "10 of 10 done, check after 4 weeks done, check after 3 months overdue 20 days",
        ),
    ],
)
@pytest.mark.parametrize("options", SIZES[1:])
def test_image_says_the_course_in_one_sentence(sample: str, sentence: str, options: str) -> None:
    images = Reader(draw(samples.SAMPLES[sample](), options)).having("role", "img")
    assert [(tag, attrs["aria-label"]) for tag, attrs in images] == [("svg", sentence)]


def test_image_says_the_sentence_of_the_design() -> None:
    strip = samples.running()
    marks = (*strip.marks[:5], replace(strip.marks[7], number=6))
    html = draw(replace(strip, marks=marks, follow_ups=()), 'size="small"')
    assert 'aria-label="4 of 12 done, session 5 today, review due, session 6 not booked"' in html


def test_large_only_marks_with_an_address_are_links() -> None:
    strip = samples.running()
    marks = (replace(strip.marks[0], url="/visits/1?a=1&b=2"), *strip.marks[1:])
    links = [
        attrs for tag, attrs in Reader(draw(replace(strip, marks=marks))).elements if tag == "a"
    ]
    assert [attrs["href"] for attrs in links] == ["/visits/1?a=1&b=2"]


@pytest.mark.parametrize("url", [None, "/visits/5"])
def test_large_today_is_the_current_step(url: str | None) -> None:
    current = Reader(one(Mark(5, State.TODAY, on=ON, url=url))).having("aria-current", "step")
    assert [tag for tag, _ in current] == ["a" if url else "span"]


def test_large_gap_outside_the_protocol_is_marked_and_no_gap_is_spoken() -> None:
    html = draw(samples.late())
    assert re.findall(r'class="strip-gap([^"]*)">(\d+)<', html) == [
        ("", "7"),
        ("", "7"),
        (" strip-gap-outside", "24"),
        ("", "7"),
    ]
    assert "24" not in " ".join(spoken(html))
    drawings = [attrs for tag, attrs in Reader(html).elements if tag == "svg"]
    assert {attrs.get("aria-hidden") for attrs in drawings} == {"true"}


def test_large_gates_show_whether_the_review_is_written() -> None:
    assert re.findall(r'class="strip-gate-(written|due|ahead)"', draw(samples.late())) == [
        "written",
        "ahead",
    ]


def test_board_lines_up_the_gates_of_all_courses() -> None:
    def gate_of(strip: Strip) -> list[str]:
        html = draw(replace(strip, gates=strip.gates[:1]), 'size="small" step=22')
        return re.findall(r'translate\(([\d.]+) 0\)"><path d="M11-9V9"', html)

    assert gate_of(samples.running()) == gate_of(samples.late()) == gate_of(samples.paused())
    assert gate_of(samples.running()) == ["99"]


@pytest.mark.parametrize("options", SIZES)
@pytest.mark.parametrize("sample", samples.SAMPLES)
def test_drawing_is_well_formed_and_keeps_the_content_security_policy(
    sample: str, options: str
) -> None:
    html = draw(samples.SAMPLES[sample](), options)
    ElementTree.fromstring(html)  # noqa: S314  our own template
    assert "style=" not in html
    assert "<script" not in html
    assert "#" not in re.sub(r"&#\w+;", "", html)  # no colour beside the tokens


@pytest.mark.parametrize("options", SIZES)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("is_check", [False, True], ids=["session", "check"])
def test_every_state_has_its_own_shape(options: str, state: State, is_check: bool) -> None:
    def shape(of: State) -> str:
        mark = Mark(
            None if is_check else 1,
            of,
            on=ON,
            due_from=ON,
            due_by=AT,
            days_late=3,
        )
        strip = Strip(planned=1, marks=() if is_check else (mark,))
        if is_check:
            strip = replace(strip, follow_ups=(FollowUp(FollowUpKey.SIX_MONTHS, mark),))
        html = draw(strip, options)
        return re.sub(r'aria-label="[^"]*"|strip-(label|spoken)[^<]*<', "", html)

    assert [other for other in State if shape(other) == shape(state)] == [state]


@pytest.mark.parametrize("options", SIZES)
def test_drawing_copes_with_everything_at_once(options: str) -> None:
    """Misses before the first session, at a gate, at a pause and before a check; nothing held."""
    misses = tuple(Miss(ON + timedelta(days=number)) for number in range(3))
    finished = samples.finished()
    crowded = replace(
        finished,
        marks=tuple(replace(mark, missed_before=misses) for mark in finished.marks),
        follow_ups=tuple(
            replace(check, mark=replace(check.mark, missed_before=misses))
            for check in finished.follow_ups
        ),
        paused_after=5,
    )
    closed = Strip(planned=10, marks=(), closed_after=0, closed_reason="<b>")
    for strip in (crowded, closed, replace(samples.paused(), paused_after=0)):
        ElementTree.fromstring(draw(strip, options))  # noqa: S314  our own template
    assert draw(crowded, options).count('class="strip-stroke-red"') == 39
    assert "<b>" not in draw(closed, options)


@pytest.mark.parametrize("options", SIZES)
def test_numbers_in_drawings_keep_their_points_in_a_language_with_commas(options: str) -> None:
    with translation.override("de"):
        html = draw(samples.finished(), options)
    assert not re.search(r'(?:width|x|y|d|transform|viewBox)="[^"]*\d,\d', html)


@pytest.mark.parametrize(
    "options", ['size="huge"', 'size="medium" step=22', 'size="small" step=17', 'size=""']
)
def test_unknown_size_is_refused(options: str) -> None:
    with pytest.raises(ValueError, match="knows no size"):
        draw(samples.running(), options)


@pytest.mark.parametrize("wrong", ["", None, [Mark(1, State.FREE)]])
def test_anything_but_a_strip_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match="draws a Strip"):
        draw(wrong)


@pytest.mark.parametrize("options", ['colour="red"', '"medium"'])
def test_unknown_option_is_refused_when_the_template_compiles(options: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        Template("{% load strip %}{% session_strip strip " + options + " %}")
