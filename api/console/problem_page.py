"""What a page shows when it cannot be shown."""

from fastapi import Request, Response

from api.console.rendering import rendered
from api.console.session import csrf_token, demo_users, signed_in
from api.problems import Problem


def problem_page(request: Request, problem: Problem) -> Response:
    """A page that says what is wrong; where somebody must sign in, the one to do so.

    Who must sign in to send a form keeps what they typed.
    """
    details = problem.details
    headers = dict(problem.headers or {})
    if details.status == 303:
        return Response(status_code=303, headers=headers)
    headers.pop("Location", None)
    if details.type.endswith(":sign-in"):
        response = rendered(
            request,
            "sign_in.html",
            details.status,
            next=request.url.path,
            carried=getattr(request.state, "sent", None),
            users=demo_users(request.app.state.marketplace.settings),
            why=details.detail,
        )
    else:
        response = rendered(
            request, "problem.html", details.status, problem=details, **_visitor(request)
        )
    response.headers.update(headers)
    return response


def _visitor(request: Request) -> dict[str, object]:
    try:
        return {"actor": signed_in(request), "csrf": csrf_token(request)}
    except Problem:  # whose keys cannot be read at the moment; the page says what else is wrong
        return {}
