"""Every event as it is stored, one file a name and version, kept for ever.

A file says what is `stored` and what that `reads` as. What is stored never changes. What it reads
as changes only with an upcaster; its author states here what it makes of the older versions.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from domain import (
    answering,
    candidate_commands,
    contacting,
    delivering,
    do_not_contact,
    employer,
    feedback,
    identifier,
    interviewing,
    merging,
    note,
    notification,
    position,
    rating,
    review,
    tagging,
    team_commands,
    template,
    ticket,
    viewing,
    vocabulary,
    webhook,
)
from domain.actor import Actor, CompanyRole, Role
from domain.aggregate import Refused
from domain.attributes import AgeBand, Attributes, Disability, Ethnicity, Gender
from domain.command import Command
from domain.employer import Manager
from domain.event import Event
from domain.filters import Filters
from domain.likelihood import Likelihood
from domain.money import Salary, SalaryRange
from domain.outreach import outreach_id
from domain.outreach_events import Channel, DeclineReason, Status
from domain.partial_date import PartialDate
from domain.profile import (
    Certificate,
    Education,
    Facts,
    FullBackground,
    Job,
    Link,
    Project,
    SpokenLanguage,
)
from domain.sender_standing import AnswerRate
from domain.sources import Activity, ActivityKind, Observation
from infrastructure.event_log.codec import EventMapper
from tests.support.given import (
    A_LETTER,
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    DATA_ENGINEER,
    GLOBEX,
    LONG_AGO,
    NOW,
    ROBIN,
    KeysAtHand,
    Story,
    acmes_owner,
    acmes_recruiter,
    by,
    days,
    named,
    the_admin,
    the_platform,
    the_support,
    the_system,
)

FOLDER = Path(__file__).parent


def file_of(event: type[Event], version: int | None = None) -> Path:
    """Where an event of this type and version is kept."""
    return FOLDER / f"{event.TOPIC}.v{version or event.class_version}.json"


def everything_that_happens() -> list[Event]:
    """A story in which every event happens at least once; a new one takes another command here."""
    story = Story()
    for command in _COMMANDS:
        outcome = story.when(command)
        assert not isinstance(outcome, Refused), f"{command}: {outcome}"
    return story.happened


def as_kept(event: Event) -> dict[str, Any]:
    """What a file says of an event, as production stores it."""
    mapper = EventMapper(KeysAtHand())
    stored = mapper.to_stored_event(event)
    return {
        "stored": {
            "originator_id": str(stored.originator_id),
            "originator_version": stored.originator_version,
            "topic": stored.topic,
            "state": json.loads(stored.state),
        },
        "reads": event.model_dump(mode="json"),
    }


def as_stored(kept: dict[str, Any]) -> StoredEvent:
    """The stored event that a file keeps."""
    stored = kept["stored"]
    return StoredEvent(
        originator_id=UUID(stored["originator_id"]),
        originator_version=stored["originator_version"],
        topic=stored["topic"],
        state=json.dumps(stored["state"]).encode(),
    )


def write_missing() -> list[Path]:
    """Write a file for every event that has none; never change one."""
    written = []
    for event in everything_that_happens():
        path = file_of(type(event))
        if not path.exists():
            path.write_text(json.dumps(as_kept(event), indent=2, ensure_ascii=False) + "\n")
            written.append(path)
    return written


_POSITIONS = [BACKEND_ENGINEER, DATA_ENGINEER, *map(named, ("third", "fourth", "fifth"))]
_OUTREACHES = [outreach_id(position, CASEY) for position in _POSITIONS]
_AGAIN = named("casey again")
_DANA, _EDEN, _FRAN, _GIL = map(named, ("dana", "eden", "fran", "gil"))
_LETTERS = [(DATA_ENGINEER, _DANA), (BACKEND_ENGINEER, _DANA), (DATA_ENGINEER, _EDEN)]
_LETTERS += [(DATA_ENGINEER, _FRAN)]
_DELIVERED, _UNDONE, _BOUNCED, _STOPPED = (outreach_id(*about) for about in _LETTERS)
_UNDO_WINDOW = timedelta(minutes=5)
_SOON = NOW + _UNDO_WINDOW
_LATER = NOW + days(40)
_FACTS = Facts(
    roles=("Backend engineer",),
    skills=("Python", "PostgreSQL"),
    years_experience=7.5,
    city="Zürich",
    country="Switzerland",
    open_to_remote=True,
    expected_salary=Salary(amount=120_000, currency="CHF"),
    work_authorisation=("Switzerland",),
    languages=("German", "English"),
    in_present_job_since=PartialDate.of(LONG_AGO.date()),
)
_JOBS = (
    Job(
        employer="Globex",
        title="Engineer",
        started_on=PartialDate.of(LONG_AGO.date()),
        highlights=("Emptied every queue.",),
    ),
    Job(title="Apprentice", started_on=PartialDate(2015), end_is_unknown=True),
)
_BACKGROUND = FullBackground(
    education=(
        Education(
            institution="ETH", area="Informatics", degree="MSc", ended_on=PartialDate(2014, 9)
        ),
    ),
    certificates=(Certificate(name="Queues I", issuer="Globex", issued_on=PartialDate(2020)),),
    projects=(Project(name="Q", description="A queue.", highlights=("Is fast.",)),),
    languages=(SpokenLanguage(language="German", level="native"),),
    phone="+41 44 000 00 01",
    links=(Link(label="Code", url="https://code.example.com/casey"),),
)
_BUDGET = SalaryRange(minimum=90_000, maximum=130_000, currency="CHF")
_FILTERS = Filters(
    roles=("Backend engineer",),
    required_skills=("Python",),
    nice_to_have_skills=("PostgreSQL",),
    years_from=3,
    years_to=12.5,
    locations=("Zürich",),
    remote=True,
    salary_budget=_BUDGET,
    work_authorisation=("Switzerland",),
    languages=("German",),
)
_ADDRESSEES = ((_DANA, "Dana"), (_EDEN, "Eden"), (_FRAN, "Fran"))
_LIKELIHOOD = Likelihood(probability=0.25, logit=-1.1, model_position=41, feature_version=1)

_OF_ACME = {name: named(f"{name} of acme") for name in ("Olga", "Rick", "Rita")}
_REVIEWED: dict[str, Any] = {"position_id": BACKEND_ENGINEER, "candidate_id": CASEY}
_THE_FEEDBACK: dict[str, Any] = {"employer_id": ACME, "number": 5}
_A_CSM = Actor(id="csm-1", role=Role.CSM)

_COMMANDS: list[Command] = [
    employer.RegisterEmployer(
        employer_id=ACME,
        company="Acme",
        manager=Manager(name="Morgan Manager", email="morgan@example.com"),
        company_key=named("the name of acme"),
        **by(the_admin),
    ),
    employer.RegisterEmployer(
        employer_id=GLOBEX,
        company="Globex",
        manager=Manager(name="Morgan Manager", email="morgan@example.com"),
        **by(the_admin),
    ),
    employer.NoteCompanyKey(
        employer_id=GLOBEX, company_key=named("the name of globex"), **by(the_system)
    ),
    employer.DeclareNames(
        employer_id=ACME,
        names=("Acme Robotics",),
        domains=("acme.example",),
        affiliates=("Initech",),
        keys=tuple(map(named, ("acme robotics", "acme.example", "initech"))),
        **by(acmes_recruiter),
    ),
    employer.ApproveEmployer(employer_id=ACME, **by(the_admin)),
    employer.JoinBeta(employer_id=ACME, **by(acmes_recruiter)),
    employer.ShareFeedback(
        employer_id=ACME, text="I like the feed.", page="/feed", **by(acmes_recruiter)
    ),
    feedback.AnswerFeedback(
        **_THE_FEEDBACK, text="Thank you.", signed_by="Morgan Manager", **by(_A_CSM)
    ),
    feedback.MarkFeedbackAnswerRead(**_THE_FEEDBACK, up_to=1, **by(acmes_recruiter)),
    feedback.SetFeedbackDone(**_THE_FEEDBACK, done=True, **by(_A_CSM)),
    feedback.SetFeedbackDone(**_THE_FEEDBACK, done=False, **by(_A_CSM)),
    *(
        position.OpenPosition(
            position_id=id,
            employer_id=ACME,
            title="Backend engineer",
            description="Queues.",
            location="Zürich",
            remote=True,
            salary=_BUDGET,
            filters=_FILTERS,
            closes_at=NOW + days(90),
            **by(acmes_recruiter),
        )
        for id in _POSITIONS
    ),
    position.SetFilters(position_id=BACKEND_ENGINEER, filters=Filters(), **by(acmes_recruiter)),
    position.SetDetails(
        position_id=BACKEND_ENGINEER,
        title="Senior backend engineer",
        description="Queues.\n\nAnd what stands in them.",
        location="Genève",
        salary=_BUDGET.model_copy(update={"maximum": 140_000}),
        **by(acmes_recruiter),
    ),
    position.SetClosingDate(
        position_id=BACKEND_ENGINEER, closes_at=NOW + days(60), **by(acmes_recruiter)
    ),
    *(
        identifier.SignUpCandidate(
            candidate_id=id,
            address=named(f"the address of {name}"),
            domain=named("example.com"),
            employers=(named("the name of globex"),),
            document=named(f"a document about {name}"),
            name=name,
            email=f"{name.lower()}@example.com",
            summary="I like queues.",
            jobs=_JOBS,
            background=_BACKGROUND,
            facts=_FACTS,
            signed_up_at=LONG_AGO,
            opted_in=True,
            opted_in_until=NOW + days(365),
            **by(the_platform),
        )
        for id, name in ((CASEY, "Casey"), (ROBIN, "Robin"), (_AGAIN, "Cas"), *_ADDRESSEES)
    ),
    identifier.SignUpCandidate(
        candidate_id=_GIL, name="Gil", email="gil@example.com", **by(the_platform)
    ),
    candidate_commands.NoteContactKeys(
        candidate_id=_GIL,
        addresses=(named("the address of Gil"),),
        domain=named("example.com"),
        employers=(named("the name of globex"),),
        **by(the_system),
    ),
    candidate_commands.OptIn(candidate_id=_GIL, until=NOW + days(1), **by(the_platform)),
    candidate_commands.ExpireConsent(candidate_id=_GIL, **by(the_system, at=NOW + days(1))),
    merging.MergeCandidates(candidate_id=CASEY, duplicate_id=_AGAIN, **by(the_support)),
    merging.SeparateCandidates(candidate_id=CASEY, duplicate_id=_AGAIN, **by(the_support)),
    candidate_commands.NoteActivity(
        activity=Activity(
            candidate_id=ROBIN,
            kind=ActivityKind.VIEWED_JOB,
            occurred_at=NOW - days(3),
            source="web",
            source_id="view-1",
        ),
        **by(the_platform),
    ),
    identifier.EnhanceProfile(
        candidate_id=CASEY,
        observation=Observation(
            source="resume",
            observed_on=NOW.date(),
            facts=Facts(city="Genève"),
            name="Casey Miller",
            email="casey.miller@example.com",
            summary="Leads a team.",
            jobs=(Job(employer="Initech", title="Lead", summary="Queues, again."),),
            background=FullBackground(phone="+41 44 000 00 00"),
        ),
        address=named("another address of Casey"),
        domain=named("example.com"),
        employers=(named("the name of initech"),),
        **by(the_platform),
    ),
    viewing.NoteCandidatesShown(
        viewing_id=named("a page of the feed"),
        position_id=BACKEND_ENGINEER,
        feed=viewing.Feed.PASSIVE,
        sort=viewing.Sort.LIKELIHOOD,
        slots=(
            viewing.Slot(candidate_id=CASEY, rank=1, probability=0.25),
            viewing.Slot(
                candidate_id=ROBIN, rank=2, probability=0.1, explored=True, propensity=0.03
            ),
        ),
        model_position=41,
        **by(acmes_recruiter),
    ),
    viewing.NoteProfileOpened(
        viewing_id=named("a look at a profile"),
        position_id=BACKEND_ENGINEER,
        candidate_id=CASEY,
        passive=True,
        probability=0.25,
        **by(acmes_recruiter),
    ),
    viewing.NoteListExported(
        viewing_id=named("a list taken away"),
        position_id=BACKEND_ENGINEER,
        taken=viewing.TakenList.PASSIVE,
        file_type="csv",
        candidate_ids=(CASEY, ROBIN),
        **by(acmes_recruiter),
    ),
    viewing.NoteProfileExported(
        viewing_id=named("a profile taken away"),
        position_id=BACKEND_ENGINEER,
        candidate_id=CASEY,
        outreach_id=_OUTREACHES[0],
        **by(acmes_recruiter),
    ),
    review.ShortlistCandidate(**_REVIEWED, **by(acmes_recruiter)),
    review.UnshortlistCandidate(**_REVIEWED, **by(acmes_recruiter)),
    review.SetCandidateAside(
        **_REVIEWED,
        reason=review.SetAsideReason.SKILLS,
        note="Queues, but no databases.",
        **by(acmes_recruiter),
    ),
    review.TakeCandidateBack(**_REVIEWED, **by(acmes_recruiter)),
    note.WriteNote(
        **_REVIEWED, note_id=named("a note"), text="Met at a fair.", **by(acmes_recruiter)
    ),
    note.EditNote(note_id=named("a note"), text="Met at a fair in May.", **by(acmes_recruiter)),
    note.RemoveNote(note_id=named("a note"), **by(acmes_recruiter)),
    tagging.AddTag(**_REVIEWED, tag_id=named("a tag"), tag="Fair", **by(acmes_recruiter)),
    tagging.RemoveTag(**_REVIEWED, tag_ids=(named("a tag"),), **by(acmes_recruiter)),
    contacting.RequestInterview(
        position_id=BACKEND_ENGINEER,
        candidate_id=ROBIN,
        message=A_LETTER,
        likelihood=_LIKELIHOOD,
        **by(acmes_recruiter),
    ),
    *(
        contacting.SendMessage(
            position_id=id,
            candidate_id=CASEY,
            message=A_LETTER,
            likelihood=_LIKELIHOOD,
            **by(acmes_recruiter, at=at),
        )
        for id, at in zip(_POSITIONS, [NOW, NOW, NOW, _LATER], strict=False)
    ),
    *(
        contacting.SendMessage(
            position_id=position_id,
            candidate_id=candidate_id,
            message=A_LETTER,
            likelihood=_LIKELIHOOD,
            undo_window=_UNDO_WINDOW,
            **by(acmes_recruiter),
        )
        for position_id, candidate_id in _LETTERS
    ),
    answering.AcceptOutreach(
        outreach_id=_OUTREACHES[0],
        note="Gladly.",
        contact=answering.Contact(
            name="Casey Miller", email="casey@example.com", phone="+41 44 000 00 00"
        ),
        **by(the_platform),
    ),
    interviewing.ScheduleInterview(
        outreach_id=_OUTREACHES[0], starts_at=NOW + days(3), **by(acmes_recruiter)
    ),
    interviewing.OfferTimes(
        outreach_id=_OUTREACHES[0],
        times=(NOW + days(4), NOW + days(5)),
        meeting=interviewing.Meeting(
            minutes=45,
            zone="Europe/Berlin",
            place="https://meet.example.org/acme",
            organizer_name="Sam Sender",
            organizer_email="sam@example.org",
        ),
        **by(acmes_recruiter),
    ),
    interviewing.PickTime(outreach_id=_OUTREACHES[0], starts_at=NOW + days(5), **by(the_platform)),
    interviewing.CancelInterview(
        outreach_id=_OUTREACHES[0], note="We are on strike.", **by(acmes_recruiter)
    ),
    answering.DeclineOutreach(
        outreach_id=_OUTREACHES[1],
        reason=DeclineReason.SALARY,
        note="Too low.",
        **by(the_platform),
    ),
    contacting.EditMessage(outreach_id=_DELIVERED, message=A_LETTER, **by(acmes_recruiter)),
    delivering.ReleaseLetter(outreach_id=_DELIVERED, letter=1, **by(the_system, at=_SOON)),
    delivering.NoteDelivery(
        outreach_id=_DELIVERED,
        letter=1,
        message_id="<1@example.org>",
        channel=Channel.MAIL,
        **by(the_system, at=_SOON),
    ),
    answering.PostponeOutreach(
        outreach_id=_DELIVERED,
        until=(NOW + days(30)).date(),
        note="After my holiday.",
        **by(the_platform),
    ),
    answering.EndPostponement(outreach_id=_DELIVERED, **by(the_system, at=NOW + days(30))),
    contacting.FollowUp(
        outreach_id=_DELIVERED,
        text="Is it a good time now?",
        sender_name="Sam Sender",
        **by(acmes_recruiter, at=_LATER),
    ),
    answering.ReceiveReply(
        outreach_id=_DELIVERED,
        text="Which queues?",
        channel=Channel.MAIL,
        mail=named("a mail"),
        **by(the_platform, at=_LATER),
    ),
    contacting.ReplyToCandidate(
        outreach_id=_DELIVERED,
        text="All of them.",
        sender_name="Sam Sender",
        mail=named("a recruiter's mail"),
        **by(acmes_recruiter, at=_LATER),
    ),
    contacting.MarkThreadRead(outreach_id=_DELIVERED, up_to=5, **by(acmes_recruiter, at=_LATER)),
    contacting.CorrectAnswer(
        outreach_id=_DELIVERED, status=Status.DECLINED, **by(acmes_recruiter, at=_LATER)
    ),
    contacting.WithdrawOutreach(outreach_id=_UNDONE, **by(acmes_recruiter)),
    delivering.ReleaseLetter(outreach_id=_BOUNCED, letter=1, **by(the_system, at=_SOON)),
    delivering.NoteFailure(
        outreach_id=_BOUNCED,
        letter=1,
        code="550 5.1.1",
        bad_address=True,
        **by(the_system, at=_SOON),
    ),
    candidate_commands.OptOut(candidate_id=_FRAN, **by(the_platform)),
    delivering.ReleaseLetter(outreach_id=_STOPPED, letter=1, **by(the_system, at=_SOON)),
    candidate_commands.SetContactBudget(candidate_id=CASEY, contacts=1, **by(the_platform)),
    answering.ExpireOutreach(outreach_id=_OUTREACHES[2], **by(the_system, at=_LATER)),
    contacting.WithdrawOutreach(outreach_id=_OUTREACHES[3], **by(acmes_recruiter, at=_LATER)),
    candidate_commands.ReportAttributes(
        candidate_id=CASEY,
        attributes=Attributes(
            gender=Gender.NON_BINARY,
            ethnicity=Ethnicity.TWO_OR_MORE_RACES,
            age_band=AgeBand.FROM_40_TO_49,
            disability=Disability.PREFER_NOT_TO_SAY,
        ),
        **by(the_platform),
    ),
    candidate_commands.ClearAttributes(candidate_id=CASEY, **by(the_platform)),
    vocabulary.AddTerm(
        kind=vocabulary.VocabularyKind.SKILL, term="Glockenspiel", known=None, **by(the_admin)
    ),
    vocabulary.AddSynonym(
        kind=vocabulary.VocabularyKind.SKILL,
        synonym="Carillon",
        term="glockenspiel",
        known=None,
        known_term=None,
        **by(the_admin),
    ),
    vocabulary.RemoveAddition(
        kind=vocabulary.VocabularyKind.SKILL, addition="Carillon", **by(the_admin)
    ),
    do_not_contact.AddToDoNotContact(
        employer_id=ACME,
        kind=do_not_contact.Named.PERSON,
        identifier=CASEY,
        reason="A friend.",
        **by(acmes_recruiter),
    ),
    candidate_commands.BlockEmployer(candidate_id=CASEY, employer_id=ACME, **by(the_platform)),
    candidate_commands.OptOut(candidate_id=CASEY, **by(the_platform)),
    candidate_commands.EraseCandidate(candidate_id=CASEY, **by(the_platform)),
    position.ClosePosition(position_id=BACKEND_ENGINEER, **by(acmes_recruiter)),
    ticket.SubmitTicket(
        ticket_id=named("a ticket"),
        subject="No passive candidates",
        text="My feed is empty.",
        page="/positions",
        **by(acmes_recruiter),
    ),
    ticket.CloseTicket(ticket_id=named("a ticket"), answer="Relax a filter.", **by(the_admin)),
    ticket.ReplyToTicket(ticket_id=named("a ticket"), text="Which one?", **by(acmes_recruiter)),
    ticket.AnswerTicket(
        ticket_id=named("a ticket"), text="The salary.", signed_by="Ola Berg", **by(the_support)
    ),
    ticket.MarkTicketRead(ticket_id=named("a ticket"), up_to=5, **by(acmes_recruiter)),
    notification.SetNotification(
        frequency=notification.Frequency.EACH, email="sam@example.org", **by(acmes_recruiter)
    ),
    rating.GiveRating(page="help", helpful=True, **by(acmes_recruiter)),
    rating.GiveRating(page="help", helpful=False, **by(acmes_recruiter)),
    rating.ExplainRating(page="help", reason="Show an example.", **by(acmes_recruiter)),
    webhook.SubscribeWebhook(
        webhook_id=named("a webhook"),
        url="https://hooks.example.com/acme",
        secret="whsec_b25lIHNlY3JldA==",
        kinds=("outreach.accepted", "outreach.declined"),
        employer_id=ACME,
        **by(acmes_recruiter),
    ),
    webhook.RotateSecret(
        webhook_id=named("a webhook"), secret="whsec_YW5vdGhlcg==", **by(acmes_recruiter)
    ),
    webhook.DisableWebhook(webhook_id=named("a webhook"), reason="gone", **by(the_system)),
    webhook.EnableWebhook(webhook_id=named("a webhook"), **by(acmes_recruiter)),
    webhook.ReplayDeadLetters(
        webhook_id=named("a webhook"), log_positions=(3, 5), **by(acmes_recruiter)
    ),
    webhook.RemoveWebhook(webhook_id=named("a webhook"), **by(acmes_recruiter)),
    template.SaveTemplate(
        employer_id=ACME,
        template_id=named("a template"),
        title="First message",
        subject="A role for you, {first_name}",
        text="Dear {first_name}, {reason}",
        **by(acmes_recruiter),
    ),
    template.RemoveTemplate(
        employer_id=ACME, template_id=named("a template"), **by(acmes_recruiter)
    ),
    do_not_contact.AddToDoNotContact(
        employer_id=ACME,
        kind=do_not_contact.Named.ADDRESS,
        identifier=named("the address of Dana"),
        text="dana@example.com",
        reason="Asked us not to write.",
        until=(NOW + days(365)).date(),
        **by(acmes_recruiter),
    ),
    do_not_contact.RemoveFromDoNotContact(
        employer_id=ACME,
        entry_id=do_not_contact.entry_id(ACME, named("the address of Dana")),
        **by(acmes_recruiter),
    ),
    *(
        employer.ReviewAnswerRate(
            employer_id=ACME,
            rate=AnswerRate(messages=200, answered=answered),
            **by(the_system, at=NOW + days(number)),
        )
        for number, answered in ((0, 3), (7, 4), (21, 5), (28, 60))
    ),
    *(
        team_commands.InviteMember(
            employer_id=ACME,
            member_id=_OF_ACME[name],
            name=f"{name} Miller",
            email=f"{name.lower()}@acme.example",
            company_role=role,
            address_key=named(f"the address of {name}"),
            **by(the_admin),
        )
        for name, role in (("Olga", CompanyRole.OWNER), ("Rick", CompanyRole.RECRUITER))
    ),
    team_commands.AcceptInvitation(
        employer_id=ACME,
        member_id=_OF_ACME["Olga"],
        **by(Actor(id=str(_OF_ACME["Olga"]), role=Role.RECRUITER, employer_id=ACME)),
    ),
    team_commands.RevokeInvitation(employer_id=ACME, member_id=_OF_ACME["Rick"], **by(acmes_owner)),
    team_commands.InviteMember(
        employer_id=ACME,
        member_id=_OF_ACME["Rita"],
        name="Rita Miller",
        email="rita@acme.example",
        company_role=CompanyRole.RECRUITER,
        address_key=named("the address of Rita"),
        **by(acmes_owner),
    ),
    team_commands.AcceptInvitation(
        employer_id=ACME,
        member_id=_OF_ACME["Rita"],
        **by(Actor(id=str(_OF_ACME["Rita"]), role=Role.RECRUITER, employer_id=ACME)),
    ),
    notification.SetNotification(
        frequency=notification.Frequency.DAILY,
        email="rita@acme.example",
        **by(Actor(id=str(_OF_ACME["Rita"]), role=Role.RECRUITER, employer_id=ACME)),
    ),
    team_commands.ChangeCompanyRole(
        employer_id=ACME,
        member_id=_OF_ACME["Rita"],
        company_role=CompanyRole.READ_ONLY,
        **by(acmes_owner),
    ),
    team_commands.RemoveMember(employer_id=ACME, member_id=_OF_ACME["Rita"], **by(acmes_owner)),
    team_commands.EraseMember(employer_id=ACME, member_id=_OF_ACME["Rita"], **by(acmes_owner)),
    employer.AssignManager(
        employer_id=ACME,
        manager=Manager(name="Maxi Manager", email="maxi@example.com"),
        **by(the_admin),
    ),
    employer.LeaveBeta(employer_id=ACME, **by(acmes_owner)),
    employer.SuspendEmployer(employer_id=ACME, reason="spam", **by(the_admin)),
]
