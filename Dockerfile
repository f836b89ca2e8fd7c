# The gateway with its first application, the bank. MongoDB is not in it: see docker-compose.yml.

FROM python:3.13-slim AS build
WORKDIR /source
COPY requirements/build.txt requirements/build.txt
RUN pip install --no-cache-dir --no-deps --require-hashes --requirement requirements/build.txt
COPY . .
RUN python playground/build.py || echo "Going on without the playground."
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.13-slim
WORKDIR /bank
COPY requirements/image.txt requirements/image.txt
RUN pip install --no-cache-dir --no-deps --require-hashes --requirement requirements/image.txt
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-deps --no-index /wheels/*.whl
COPY pyproject.toml bank.py ./
COPY domain domain
COPY readmodels readmodels
RUN useradd --system --uid 10001 --no-create-home tidegate
USER tidegate
ENV PYTHONPATH=/bank PYTHONUNBUFFERED=1
EXPOSE 8000
ENTRYPOINT ["tidegate"]
CMD ["serve"]
