# A server of Charloom, for any machine or a Hugging Face Space. It trains on the processor.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

# PyTorch first and from its own index of CPU builds: the build that pip would find elsewhere
# brings some gigabytes of CUDA. It satisfies requirements.txt, so it is not replaced.
RUN pip install torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu

COPY requirements.txt /tmp/requirements.txt
RUN pip install -r /tmp/requirements.txt

# Spaces run as user 1000. The program belongs to root, so the server can't change it, and is
# compiled here, because the server can't keep what it compiles either.
RUN useradd --create-home --uid 1000 user
WORKDIR /home/user/app
COPY LICENSE app.py ./
COPY .streamlit .streamlit
COPY assets assets
COPY lstm lstm
RUN python -m compileall -q app.py lstm

USER user
ENV HOME=/home/user \
    CHARLOOM_DATA=/home/user/charloom
RUN mkdir /home/user/charloom

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as web; below = os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'); web.urlopen('/'.join(filter(None, ['http://127.0.0.1:8501', below, '_stcore/health'])), timeout=4)"]

CMD ["streamlit", "run", "app.py", "--server.port=8501", "--server.address=0.0.0.0", "--server.headless=true"]
