# Every step is in deploy/image.sh, which also runs without Docker.
FROM debian:12-slim AS build
WORKDIR /src
# The packages first, so that a change of the sources does not install them again.
COPY deploy/install-packages.sh deploy/
RUN deploy/install-packages.sh build clang
COPY CMakeLists.txt CMakePresets.json ./
COPY deploy/build.sh deploy/image.sh deploy/
COPY tests/CMakeLists.txt tests/
COPY proto proto
COPY consensus consensus
COPY agent agent
RUN deploy/image.sh build /vedette

FROM debian:12-slim
COPY deploy/install-packages.sh deploy/image.sh /tmp/deploy/
RUN /tmp/deploy/image.sh layout && rm -rf /tmp/deploy
COPY --from=build /vedette /usr/local/bin/vedette
# Operators pass neither flags nor lines of ours, so HTTP is set up here.
ENV VEDETTE_HTTP_BIND=0.0.0.0 VEDETTE_HTTP_PORT=27379
USER 1000:1000
WORKDIR /data
EXPOSE 26379 27379
# No entry point: charts replace the command by `redis-server FILE --sentinel` and the like.
CMD ["vedette", "/data/sentinel.conf"]
