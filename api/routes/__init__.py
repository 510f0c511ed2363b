"""The HTTP API by what it is about; a module's docstring is its chapter in the documentation."""

from api.routes import (
    activity,
    candidates,
    do_not_contact,
    duplicates,
    employers,
    event_stream,
    events,
    filters,
    funnel,
    me,
    model,
    outbox,
    outreach,
    positions,
    projections,
    ratings,
    reviews,
    team,
    templates,
    tickets,
    webhooks,
)

ROUTERS = (
    activity.router,
    duplicates.router,  # before candidates: /candidates/duplicates is no candidate's id
    candidates.router,
    do_not_contact.router,
    employers.router,
    event_stream.router,  # before events: /events/stream is no aggregate's id
    events.router,
    filters.router,
    funnel.router,
    me.router,
    model.router,
    outbox.router,
    outreach.router,
    positions.router,
    projections.router,
    ratings.router,
    reviews.router,
    team.router,
    templates.router,
    tickets.router,
    webhooks.router,
)
