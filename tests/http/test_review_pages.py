"""A review as the browser sends it: asked first, scored blind, shown with everything beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from clinic.models import AuditEvent, User
from clinic.roles import Role
from patients.terms import Area
from tests import make
from tests.http.test_policies import client_of
from tests.http.test_secrecy import pages
from tests.make import CANARY
from treatments.models import AreaScore, Course, CourseMove, PatientOpinion, Visit
from treatments.terms import OpinionMethod, VisitKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
PASSWORD = "a long enough sentence"
LEFT, RIGHT = (area.value for area in make.BUTTOCKS)
YES, NO = "True", "False"
HIDDEN = "stay hidden until these scores are saved"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def doctor() -> User:
    return make.user(Role.PRACTITIONER, name="Dr Lin", password=PASSWORD)


@pytest.fixture
def client(doctor: User) -> Client:
    signed_in = Client()
    signed_in.force_login(doctor)
    return signed_in


@pytest.fixture
def course(doctor: User) -> Course:
    """Make a course of two areas with its start graded and ten sessions held."""
    made = make.course(visits=10, areas=make.BUTTOCKS, by=doctor)
    make.graded(make.review(made, kind=VisitKind.BASELINE, on=made.opened_on))
    return made


@pytest.fixture
def review(course: Course) -> Visit:
    return make.review(course)


def read(answer: HttpResponse) -> str:
    """Return the text of a page, its tags left out."""
    assert answer.status_code == 200
    main = answer.content.decode().partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def complaints(answer: HttpResponse) -> list[str]:
    """Return the lines of the error summary."""
    assert answer.status_code == 200
    found = re.search(r'id="errors".*?<ul>(.*?)</ul>', answer.content.decode(), re.S)
    if not found:
        return []
    lines = re.sub(r"<[^>]*>", "\n", found[1]).splitlines()
    return [unescape(line.strip()) for line in lines if line.strip()]


def sent(client: Client, url: str, **data: Any) -> HttpResponse:
    return client.post(url, {"submission": str(uuid4()), **data})


def opinion_url(visit: Visit) -> str:
    return f"/visits/{visit.pk}/opinion/"


def scores_url(visit: Visit) -> str:
    return f"/visits/{visit.pk}/scores/"


def progress_url(visit: Visit) -> str:
    return f"/courses/{visit.course_id}/progress/?at={visit.pk}"


def scored(visit: Visit, **changed: str) -> dict[str, str]:
    """Return the fields of two areas that are scored as the start was."""
    seen = {
        "visible_standing": YES,
        "visible_lying": NO,
        "visible_contracted": YES,
        "raised_or_nodules": NO,
        "css_a": "2",
        "css_b": "1",
        "css_c": "2",
        "css_d": "0",
        "cr_pcss": "3",
    }
    visit.refresh_from_db()
    both = {f"{area}-{name}": value for area in (LEFT, RIGHT) for name, value in seen.items()}
    return {"version": str(visit.version), "point": "session_10", **both, **changed}


# In her hands -------------------------------------------------------------------------------------


def handed_over(client: Client, visit: Visit, **data: str) -> HttpResponse:
    return sent(client, opinion_url(visit), method="mirror", **data)


def test_tablet_shows_her_page_and_nothing_else(client: Client, review: Visit) -> None:
    answer = handed_over(client, review)
    assert (answer.status_code, answer["Location"]) == (302, "/opinion/")
    for url in ("/", scores_url(review), progress_url(review), review.get_absolute_url()):
        assert client.get(url)["Location"] == "/opinion/"
    page = client.get("/opinion/").content.decode()
    assert "look in the mirror" in page
    assert re.findall(r'name="([a-z_]+)" value="\d"', page.partition("gais")[0])[:1] == [
        f"pcss_{LEFT}"
    ]
    assert "checked" not in page
    assert "css_" not in page.replace("pcss_", "")
    assert "CSS" not in page
    assert re.findall(r'<a href="([^"]*)"', page.partition("<main")[2]) == ["/take-back/"]


def test_her_answers_are_kept_and_the_way_back_leads_to_the_scores(
    client: Client, review: Visit, doctor: User
) -> None:
    handed_over(client, review)
    answer = sent(
        client, "/opinion/", **{f"pcss_{LEFT}": "2", f"gais_{LEFT}": "1", "satisfaction": "7"}
    )
    assert answer["Location"] == "/opinion/"
    assert "Your answers are kept." in read(client.get("/opinion/"))
    kept = PatientOpinion.objects.get(visit=review)
    assert (kept.method, kept.satisfaction, kept.asked_by) == ("mirror", 7, doctor)
    assert list(kept.areas.values_list("area", "pr_pcss", "gais")) == [(LEFT, 2, 1)]
    back = client.post("/take-back/", {"password": PASSWORD, "submission": str(uuid4())})
    assert back["Location"] == scores_url(review)


def test_her_page_is_refused_empty_and_keeps_what_was_chosen(client: Client, review: Visit) -> None:
    handed_over(client, review)
    assert complaints(sent(client, "/opinion/")) == [
        "Nothing is answered yet. Answer at least one question."
    ]
    wrong = sent(client, "/opinion/", **{f"pcss_{LEFT}": "9", f"pcss_{RIGHT}": "1"})
    assert len(complaints(wrong)) == 1
    assert re.findall(r'name="(\w+)" value="1"[^>]*checked', wrong.content.decode()) == [
        f"pcss_{RIGHT}"
    ]


def test_double_tap_keeps_her_answers_once(client: Client, review: Visit) -> None:
    handed_over(client, review)
    data = {"submission": str(uuid4()), "satisfaction": "7"}
    answers = [client.post("/opinion/", data)["Location"]]
    session = client.session
    session["handed_over"] = {**session["handed_over"], "is_done": False}
    session.save()
    answers.append(client.post("/opinion/", data)["Location"])
    assert answers == ["/opinion/", "/opinion/"]
    assert PatientOpinion.objects.filter(visit=review).count() == 1


def test_start_is_not_compared_with_itself(client: Client, course: Course) -> None:
    baseline = course.visits.get(kind=VisitKind.BASELINE)
    PatientOpinion.objects.all()[0].areas.all().delete()
    PatientOpinion.objects.all().delete()
    AreaScore.objects.all().delete()
    handed_over(client, baseline)
    page = client.get("/opinion/").content.decode()
    assert (f'name="pcss_{LEFT}"' in page, "gais_" in page) == (True, False)


def test_method_is_proposed_as_before_and_a_change_is_asked_about(
    client: Client, review: Visit
) -> None:
    page = client.get(opinion_url(review)).content.decode()
    assert re.findall(r'name="method" value="(\w+)"[^>]*checked', page) == ["mirror"]
    changed = sent(client, opinion_url(review), method=OpinionMethod.PHOTO.value)
    assert complaints(changed) == [
        "Judged with: So far the patient judged with: mirror. Keep to it, or confirm the change."
    ]
    confirmed = sent(client, opinion_url(review), method="photo", changes_method="on")
    assert confirmed["Location"] == "/opinion/"
    assert "the photograph that you are shown" in client.get("/opinion/").content.decode()
    sent(client, "/opinion/", satisfaction="3")
    assert review.opinion.method == "photo"


def test_tablet_is_not_handed_over_once_the_scores_are_written(
    client: Client, review: Visit
) -> None:
    make.scores(review)
    assert complaints(handed_over(client, review)) == []
    assert "handed_over" not in client.session
    assert "cannot be asked before them" in read(client.get(opinion_url(review)))


def test_not_asked_is_noted_with_its_reason_and_leads_to_the_scores(
    client: Client, review: Visit
) -> None:
    url = f"{opinion_url(review)}not-asked/"
    assert complaints(sent(client, url)) == ["Why the patient is not asked: Fill this in."]
    answer = sent(client, url, reason="Had to leave.")
    assert answer["Location"] == scores_url(review)
    assert "The patient was not asked: Had to leave." in read(client.get(scores_url(review)))


# Scored without seeing hers -----------------------------------------------------------------------


def test_scores_page_asks_the_patient_first(client: Client, review: Visit) -> None:
    assert client.get(scores_url(review))["Location"] == opinion_url(review)
    assert complaints(sent(client, scores_url(review), **scored(review))) == [
        "The patient is asked first. Ask for an opinion, or note why nobody was asked."
    ]


def test_her_answers_are_shown_nowhere_before_the_scores_are_saved(
    client: Client, review: Visit
) -> None:
    make.opinion(review, pr_pcss=1, gais=3, satisfaction=9)
    shown = [read(client.get(url)) for url in (scores_url(review), progress_url(review))]
    shown.append(read(client.get(opinion_url(review))))
    shown.append(read(client.get(review.get_absolute_url())))
    assert HIDDEN in shown[0]
    words = ("9 of 10", "very much better", "1, almost none")
    assert [[word for word in words if word in page] for page in shown] == [[], [], [], []]
    sent(client, scores_url(review), **scored(review))
    page = read(client.get(progress_url(review)))
    assert [word for word in words if word not in page] == []


def test_scores_are_saved_by_side_and_what_is_derived_is_shown(
    client: Client, review: Visit
) -> None:
    make.opinion(review)
    answer = sent(client, scores_url(review), **scored(review, **{f"{RIGHT}-css_a": "3"}))
    assert (answer.status_code, answer["Location"]) == (302, progress_url(review))
    assert dict(AreaScore.objects.filter(visit=review).values_list("area", "css_a")) == {
        LEFT: 2,
        RIGHT: 3,
    }
    page = read(client.get(scores_url(review)))
    assert "Stage (CSS e) II II" in page
    assert "7 moderate, 7 without laxity 8 moderate, 8 without laxity" in page


def test_right_side_is_kept_like_the_left_one_when_both_are_alike(
    client: Client, review: Visit
) -> None:
    make.opinion(review)
    data = scored(review, alike="on", **{f"{RIGHT}-css_a": "0", f"{RIGHT}-css_b": "0"})
    sent(client, scores_url(review), **data)
    assert set(AreaScore.objects.filter(visit=review).values_list("css_a", "css_b")) == {(2, 1)}


def test_what_does_not_fit_together_is_refused_or_asked_about(
    client: Client, review: Visit
) -> None:
    make.opinion(review)
    url = scores_url(review)
    assert complaints(sent(client, url, **scored(review, **{f"{LEFT}-css_a": "0"}))) == [
        "Depth (b): No depression was counted, so the depth can only be 0."
    ]
    odd = scored(review, **{f"{LEFT}-visible_standing": NO})
    answer = sent(client, url, **odd)
    assert complaints(answer) == [
        "Depressions, how many (a): Depressions were counted but none is visible standing. "
        "Please look again."
    ]
    doubts = re.findall(
        r'name="confirmed" id="id_confirmed" value="([^"]*)"', answer.content.decode()
    )
    assert doubts == [f"{LEFT}-css_a=2"]
    assert sent(client, url, **odd, confirmed=doubts[0]).status_code == 302


def test_confirmed_doubt_does_not_cover_another_one(client: Client, review: Visit) -> None:
    make.opinion(review)
    odd = scored(review, **{f"{LEFT}-visible_standing": NO, f"{LEFT}-css_a": "3"})
    answer = sent(client, scores_url(review), **odd, confirmed=f"{LEFT}-css_a=2")
    assert len(complaints(answer)) == 1


def test_jump_of_more_than_4_points_is_asked_about(client: Client, review: Visit) -> None:
    make.opinion(review)
    far = {f"{LEFT}-visible_lying": YES, f"{LEFT}-css_b": "3", f"{LEFT}-css_d": "2"}
    answer = sent(client, scores_url(review), **scored(review, **far))
    assert complaints(answer) == [
        "Depressions, how many (a): CSS 12, last time 7. Look again, or confirm below."
    ]


def test_gais_is_asked_only_with_a_pair_of_photographs(client: Client, review: Visit) -> None:
    make.opinion(review)
    page = client.get(scores_url(review)).content.decode()
    assert (f'name="{LEFT}-gais"' in page, "GAIS is not possible" in page) == (False, True)
    make.photo(review.course.visits.get(kind=VisitKind.BASELINE))
    make.photo(review)
    page = client.get(scores_url(review)).content.decode()
    assert (f'name="{LEFT}-gais"' in page, "Comparable with caveats" in page) == (True, True)
    grades = re.findall(rf'<label for="id_{LEFT}-gais_\d">\s*([^<\s]+)', page)
    assert grades == ["+3", "+2", "+1", "0", "−1", "−2", "−3"]
    assert len(re.findall(r'<img src="/photos/[^"]*view/"[^>]*loading="lazy"', page)) == 2


def test_scores_of_an_old_page_are_compared_and_not_written_over(
    client: Client, review: Visit
) -> None:
    make.opinion(review)
    opened = client.get(scores_url(review)).content.decode()
    found = unescape(re.findall(r'name="opened" value="([^"]*)"', opened)[0])
    old = scored(review, opened=found)
    assert sent(client, scores_url(review), **old).status_code == 302
    late = sent(client, scores_url(review), **{**old, f"{LEFT}-cr_pcss": "1"})
    assert (
        "Somebody else saved this visit while you were typing. Compare and save again."
        in complaints(late)
    )
    assert AreaScore.objects.get(visit=review, area=LEFT).cr_pcss == 3


def test_scores_of_a_session_are_not_found(client: Client, course: Course) -> None:
    session = course.visits.treatments().last()
    urls = [opinion_url(session), scores_url(session)]
    assert [client.get(url).status_code for url in urls] == [404, 404]
    assert client.get(progress_url(session)).status_code == 404


def test_visit_page_leads_from_step_to_step(client: Client, review: Visit) -> None:
    url = review.get_absolute_url()
    links = r'href="(/visits/\d+/(?:opinion|scores)/)"'
    found = [re.findall(links, client.get(url).content.decode())]
    make.opinion(review)
    found.append(re.findall(links, client.get(url).content.decode()))
    make.scores(review)
    found.append(re.findall(links, client.get(url).content.decode()))
    assert found == [[opinion_url(review)], [scores_url(review)], [scores_url(review)]]
    Visit.objects.filter(pk=review.pk).update(
        signed_at=datetime.now(UTC), signed_by=review.practitioner
    )
    assert re.findall(links, client.get(url).content.decode()) == []


# What both come to --------------------------------------------------------------------------------


def test_no_measurable_change_is_said_plainly_and_no_percentage_anywhere(
    client: Client, review: Visit
) -> None:
    make.graded(review)
    page = read(client.get(progress_url(review)))
    assert "No measurable change Buttocks" in page
    assert page.count(": no measurable change") == 2
    assert page.count("Nothing moved by more than the noise of its scale.") == 2
    assert "%" not in page
    assert "Weight is not known on both days." in page
    assert "The same person scored the start and this review." in page
    assert "Sessions held: 10 of 12." in page


def test_disagreement_and_its_sides_are_named(client: Client, review: Visit) -> None:
    make.graded(review, own={"pr_pcss": 2})
    page = read(client.get(progress_url(review)))
    assert page.count(": mixed Patient and clinician disagree") == 2
    assert page.count("Only the patient’s grades are better.") == 2


def test_missing_is_named_and_not_called_unchanged(client: Client, review: Visit) -> None:
    make.graded(review, css_d=None)
    page = read(client.get(progress_url(review)))
    assert page.count(": cannot be said") == 2
    assert page.count("With what is known it could be: worse, no measurable change, mixed.") == 2
    assert page.count("The CSS of this review is not complete.") == 2
    assert ": no measurable change" not in page


def test_course_without_reviews_says_so(client: Client) -> None:
    bare = make.course(visits=1, areas=make.BUTTOCKS)
    assert "No review yet." in read(client.get(f"/courses/{bare.pk}/progress/"))


def test_visit_of_another_course_is_not_found(client: Client, review: Visit) -> None:
    other = make.review(make.course(visits=1, areas=make.BUTTOCKS))
    assert client.get(f"/courses/{review.course_id}/progress/?at={other.pk}").status_code == 404


def test_looks_are_audited(client: Client, review: Visit) -> None:
    make.opinion(review)
    for url in (scores_url(review), opinion_url(review), progress_url(review)):
        client.get(url)
    seen = AuditEvent.objects.filter(patient=review.patient_code, action__endswith="viewed")
    assert [event.action for event in seen.order_by("pk")] == [
        "visit scores viewed",
        "visit opinion viewed",
        "progress viewed",
    ]


# Going on -----------------------------------------------------------------------------------------


def test_reason_for_going_on_is_asked_for_and_shown(client: Client, review: Visit) -> None:
    make.graded(review)
    course = f"/courses/{review.course_id}"
    page = client.get(f"{course}/progress/").content.decode()
    assert "found no measurable change in any area" in page
    assert re.findall(r'name="review" value="(\d+)"', page) == [str(review.pk)]
    empty = sent(client, f"{course}/continue/", review=str(review.pk))
    assert complaints(empty) == ["Why the course goes on: Give the reason for going on."]
    answer = sent(client, f"{course}/continue/", review=str(review.pk), reason="She asks for it.")
    assert answer["Location"] == f"{course}/progress/"
    assert "Dr Lin: She asks for it." in read(client.get(f"{course}/progress/"))
    assert CourseMove.objects.filter(kind="continued").count() == 1


def test_reason_is_refused_on_a_page_of_another_review(client: Client, review: Visit) -> None:
    make.graded(review)
    url = f"/courses/{review.course_id}/continue/"
    assert complaints(sent(client, url, review="", reason="x")) == [
        "Another review was written meanwhile. Read it before you go on."
    ]


def test_manager_reads_the_progress_and_changes_nothing(sign_in: Any, review: Visit) -> None:
    make.graded(review)
    manager = sign_in(Role.MANAGER)
    page = manager.get(progress_url(review)).content.decode()
    assert "No measurable change" in page
    assert re.findall(r'action="(/courses/[^"]*)"', page) == []


# What the front desk never finds out --------------------------------------------------------------


def test_front_desk_finds_neither_opinion_nor_reason(db: None) -> None:
    record = make.record()
    record.baseline.refresh_from_db()
    PatientOpinion.objects.create(
        visit=record.baseline,
        not_asked_reason=f"{CANARY} not asked",
        asked_by=record.course.practitioner,
    )
    make.scores(record.baseline)
    CourseMove.objects.create(
        course=record.course,
        kind="continued",
        sessions=12,
        on=TODAY,
        reason=f"{CANARY} going on",
        by=record.course.practitioner,
    )
    found = pages(client_of(Role.FRONT_DESK), record)
    assert [url for url, page in found.items() if CANARY in page] == []
    clinician = pages(client_of(Role.PRACTITIONER), record)
    text = "".join(clinician.values())
    assert [word for word in ("not asked", "going on") if f"{CANARY} {word}" not in text] == []


# Reviews due --------------------------------------------------------------------------------------

LIST = "/follow-ups/?list=reviews"


def listed(client: Client) -> list[str]:
    main = client.get(LIST).content.decode().partition("<main")[2]
    return re.findall(r'<span class="small num">(P-\w{5})</span>', main)


@pytest.mark.parametrize(
    ("visits", "planned", "days_ago", "is_listed"),
    [
        (4, 12, 0, False),
        (5, 12, 0, True),
        (12, 12, 0, True),  # the end
        (10, 10, 400, False),
    ],
)
def test_course_stands_on_the_list_while_its_review_is_due(
    sign_in: Any, visits: int, planned: int, days_ago: int, is_listed: bool
) -> None:
    on = TODAY - timedelta(days_ago)
    made = make.course(visits=visits, planned_sessions=planned, last_on=on, areas=make.BUTTOCKS)
    assert listed(sign_in(Role.FRONT_DESK)) == ([made.patient.code] if is_listed else [])


@pytest.mark.parametrize(("days", "is_listed"), [(20, False), (21, True), (28, True), (80, True)])
def test_check_comes_onto_the_list_a_week_before_its_day(
    sign_in: Any, days: int, is_listed: bool
) -> None:
    on = TODAY - timedelta(days)
    made = make.course(visits=10, planned_sessions=10, last_on=on, areas=make.BUTTOCKS)
    make.review(made, review_point="session_5", on=on)
    make.review(made, on=on)
    assert listed(sign_in(Role.FRONT_DESK)) == ([made.patient.code] if is_listed else [])


def test_course_with_something_booked_is_not_called(sign_in: Any) -> None:
    made = make.course(visits=5, areas=make.BUTTOCKS)
    make.appointment(make.at(TODAY + timedelta(7), "10:00"), course=made)
    assert listed(sign_in(Role.FRONT_DESK)) == []


def test_front_desk_reads_the_name_and_the_day_of_a_review_and_not_which(sign_in: Any) -> None:
    make.course(visits=5, areas=make.BUTTOCKS)
    desk = read(sign_in(Role.FRONT_DESK).get(LIST))
    assert "Tue 24 Nov" in desk
    assert [word for word in ("session 5", "Progress", "Review:") if word in desk] == []
    clinician = read(sign_in(Role.PRACTITIONER).get(LIST))
    assert "Review: session 5 Progress" in clinician


def test_area_names_are_those_of_the_course_only(client: Client, review: Visit) -> None:
    make.opinion(review)
    page = client.get(scores_url(review)).content.decode()
    names = set(re.findall(r'data-area="(\w+)"', page))
    assert names == {Area.BUTTOCK_LEFT.value, Area.BUTTOCK_RIGHT.value}
