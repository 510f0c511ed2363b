# The API and the worker: one image, two commands (`sourcing api`, `sourcing worker`).
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

# What changes seldom comes first, so that a change of the program rebuilds little.
COPY requirements.lock .
RUN pip install --require-hashes --requirement requirements.lock

COPY pyproject.toml README.md ./
COPY domain domain
COPY projections projections
COPY infrastructure infrastructure
COPY api api
RUN pip install --no-deps --no-build-isolation . \
    && useradd --system --create-home --home-dir /var/lib/sourcing sourcing

USER sourcing
ENV SOURCING_HOST=0.0.0.0 SOURCING_DATA_DIR=/var/lib/sourcing
EXPOSE 8000
CMD ["sourcing", "api"]
