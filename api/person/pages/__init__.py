"""The candidate's pages by what they are about."""

from api.person.pages import (
    answers,
    choices,
    correction,
    erasure,
    held,
    interview,
    message,
    unsubscribing,
)

ROUTERS = (
    answers.router,
    choices.router,
    correction.router,
    erasure.router,
    held.router,
    interview.router,
    message.router,
    unsubscribing.router,
)
