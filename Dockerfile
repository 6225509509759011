# Build: the program with everything in it (templates, styles, migrations, postcode tables).
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin breakthrough

# Run: the program and the certificates it needs to speak to Stripe and the mail server.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home /nowhere party \
 && install -d -o party /var/lib/party
COPY --from=build /src/target/release/breakthrough /usr/local/bin/breakthrough
USER party
ENV APP_ENV=production LISTEN=0.0.0.0:8000 DATA_DIR=/var/lib/party
EXPOSE 8000
# Only whether the process answers: a database or mail server that is away is not mended by a new start.
HEALTHCHECK --start-period=60s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${LISTEN##*:} && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q alive <&3"]
ENTRYPOINT ["breakthrough"]
CMD ["serve"]
