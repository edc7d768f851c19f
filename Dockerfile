# The image of the service: docs/container.md says how it is built, run and looked after.
# A digest may stand behind the tag: --build-arg PYTHON=docker.io/library/python:3.13-slim-bookworm@sha256:…
ARG PYTHON=docker.io/library/python:3.13-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# Wheels alone, each with the hash of the lock file: no compiler, and nothing that nobody looked at.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv --without-pip /opt/leadbridge \
 && python -m pip --python /opt/leadbridge install --only-binary=:all: --require-hashes -r requirements.lock \
 && python -m venv /opt/build \
 && /opt/build/bin/python -m pip install --only-binary=:all: --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY config/leadbridge.yaml config/
COPY service service
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /dist \
 && python -m pip --python /opt/leadbridge install --no-deps --no-index /dist/*.whl

FROM ${PYTHON}
LABEL org.opencontainers.image.title="leadbridge" \
      org.opencontainers.image.description="Webhook submissions become the right record in a CRM, once" \
      org.opencontainers.image.licenses="Apache-2.0"
# What only builders need goes; the base's pip would be the one thing here that can install anything.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip \
 && groupadd --gid 10001 leadbridge \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/leadbridge --shell /usr/sbin/nologin leadbridge \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/leadbridge \
 && install --directory /etc/leadbridge
COPY --from=build /opt/leadbridge /opt/leadbridge
COPY --chmod=0755 container/leadbridge /usr/local/bin/leadbridge
ENV LEADBRIDGE_DATABASE_URL=sqlite:////var/lib/leadbridge/leadbridge.db \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /var/lib/leadbridge
VOLUME /var/lib/leadbridge
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whether the process answers, and not whether it is ready: a full disk is not mended by another start.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["/opt/leadbridge/bin/python", "-I", "-S", "-c", "from http.client import HTTPConnection; it = HTTPConnection('127.0.0.1', 8080, timeout=4); it.request('GET', '/healthz'); raise SystemExit(it.getresponse().status != 200)"]
ENTRYPOINT ["leadbridge"]
CMD ["serve", "--config", "/etc/leadbridge/leadbridge.yaml", "--host", "0.0.0.0", "--port", "8080"]
