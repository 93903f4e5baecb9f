# One image for the handler, the controller and the CLI: the first argument says which (`handler`, `controller`, `cli send …`). The last stage has
# Node, the libraries it needs and the program, and nothing else: no shell, no package manager, nothing that its user could write to.
#
#   DOCKER_BUILDKIT=1 docker build --build-arg NODE_IMAGE=docker.io/library/node:24-bookworm@sha256:… -t cxone-data-actions:dev .
#
# NODE_IMAGE: a Debian with Node 24 and npm; pin it by digest where builds have to be repeatable. npm is configured by the build's
# environment or by a secret, neither of which ends up in a layer: --secret id=npmrc,src=$HOME/.npmrc
ARG NODE_IMAGE=docker.io/library/node:24-bookworm

FROM ${NODE_IMAGE} AS packages
WORKDIR /src
COPY package.json package-lock.json ./

FROM packages AS build
RUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY cmd cmd
COPY pkg pkg
COPY deploy/sql deploy/sql
# Handler and controller are a file each, with the licenses of what is in it. Maps are read by nothing here.
RUN npm run build && find dist -name '*.map' -delete

# For skaffold.yaml, and nothing else: the sources, restarted when one changes. Skaffold brings changed files by a tar that this stage has.
FROM build AS dev
RUN chown -R 65532:65532 cmd pkg
USER 65532:65532
# A command of the CLI ends, the others are watched.
ENTRYPOINT ["sh", "-c", "[ \"$1\" = cli ] || watch=--watch; exec node $watch cmd/launch.mjs \"$@\"", "dev"]
CMD ["handler"]

FROM packages AS production
# For the CLI alone: what only handler and controller use is in their files already, and types, maps, tests and papers run nowhere. Licenses stay.
RUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    && npm uninstall --no-save --omit=dev --ignore-scripts --offline --no-audit --no-fund @kubernetes/client-node ioredis pino prom-client \
    && find node_modules -type f '(' -name '*.ts' -o -name '*.[cm]ts' -o -name '*.map' -o -name '*.md' -o -name '*.test.*js' ')' ! -iname 'licen[cs]e*' -delete \
    && rm -rf node_modules/.bin node_modules/.package-lock.json

FROM ${NODE_IMAGE} AS system
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /image
# What ldd names, and what glibc opens by name to resolve hosts where it is not built in.
RUN node=$(readlink -f "$(command -v node)") \
    && install -D -m 0755 "$node" usr/local/bin/node \
    && ldd "$node" | grep -oE '/[^ ]+' | while read -r library; do install -D -m 0755 "$library" ".$library"; done \
    && libc=$(ldd "$node" | grep -oE '/[^ ]+/libc\.so\.6') \
    && for name in libresolv.so.2 libnss_dns.so.2 libnss_files.so.2; do \
      if [ -e "${libc%/*}/$name" ]; then install -m 0755 "${libc%/*}/$name" ".${libc%/*}/$name"; fi; done \
    && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/ca-certificates.crt \
    && printf 'root:x:0:0::/:/sbin/nologin\nnonroot:x:65532:65532::/app:/sbin/nologin\n' >etc/passwd \
    && printf 'root:x:0:\nnonroot:x:65532:\n' >etc/group \
    && printf 'hosts: files dns\n' >etc/nsswitch.conf \
    && install -d -m 1777 tmp \
    && install -d -m 0755 -o 65532 -g 65532 run/data-actions

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cxone-data-actions" \
      org.opencontainers.image.description="Answers NICE CXone data actions from PostgreSQL: signed, validated, audited, cached and observable." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=system /image /
WORKDIR /app
COPY --from=production /src/node_modules node_modules
COPY --from=build /src/package.json package.json
COPY --from=build /src/dist .
COPY LICENSE LICENSE
ENV PATH=/usr/local/bin NODE_ENV=production
USER 65532:65532
EXPOSE 8080 8081 8082
ENTRYPOINT ["/usr/local/bin/node", "/app/cmd/launch.mjs"]
CMD ["handler"]
