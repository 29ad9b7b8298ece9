# The tag names the minor version: building again takes the newest patches of Python and Debian.
FROM python:3.13-slim-trixie AS build
WORKDIR /srv/ordershare
COPY requirements-run.lock ./
RUN ["python", "-m", "venv", "--without-pip", "/opt/ordershare"]
# Only what is built already: there is no compiler here, and what is installed is what the hashes name. (It is a step of
# its own because a step without a shell is one program.)
# hadolint ignore=DL3059
RUN ["python", "-m", "pip", "--python", "/opt/ordershare/bin/python", "install", "--quiet", "--no-cache-dir", \
     "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:", "--requirement", "requirements-run.lock"]
COPY app app
COPY db db
COPY domain domain
COPY execution execution
COPY resolvers resolvers
COPY schema schema
# The root file system may be read-only later, when nothing can be compiled any more.
RUN ["/opt/ordershare/bin/python", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "."]

FROM python:3.13-slim-trixie
RUN ["useradd", "--uid", "10001", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", "ordershare"]
COPY --from=build /opt/ordershare /opt/ordershare
COPY --from=build /srv/ordershare /srv/ordershare
ENV PATH=/opt/ordershare/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ORDERSHARE_HOST=0.0.0.0 \
    ORDERSHARE_PORT=8000
WORKDIR /srv/ordershare
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['ORDERSHARE_PORT']), timeout=3); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
