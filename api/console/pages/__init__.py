"""The console's pages by what they are about."""

from api.console.pages import (
    conversation,
    duplicates,
    events,
    feedback,
    feeds,
    filters,
    funnel,
    help_page,
    interviews,
    model,
    needs_you,
    positions,
    profile,
    sign_in,
    tickets,
    timelines,
)

ROUTERS = (
    conversation.router,
    duplicates.router,
    events.router,
    feedback.router,
    feeds.router,
    filters.router,
    funnel.router,
    help_page.router,
    interviews.router,
    model.router,
    needs_you.router,
    positions.router,
    profile.router,
    sign_in.router,
    tickets.router,
    timelines.router,
)
