"""How many requests each token may make."""

import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.http.problems import Problem


class RateLimit:
    """Limits requests per token over a moving window, within this process."""

    def __init__(self, rate: str) -> None:
        self._rate: RateLimitItem = parse(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, token_owner: str) -> None:
        """Count a request. Raises a 429 with `Retry-After` when there are too many."""
        if not self._limiter.hit(self._rate, token_owner):
            reset = self._limiter.get_window_stats(self._rate, token_owner).reset_time
            seconds = max(1, round(reset - time.time()))
            detail = f"More than {self._rate} requests; come back in {seconds} seconds."
            raise Problem(429, "too-many-requests", detail, headers={"Retry-After": str(seconds)})
