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
 && useradd --system --uid 10001 --home /nowhere party
COPY --from=build /src/target/release/breakthrough /usr/local/bin/breakthrough
USER party
ENV APP_ENV=production LISTEN=0.0.0.0:8000
EXPOSE 8000
HEALTHCHECK CMD ["breakthrough", "check"]
ENTRYPOINT ["breakthrough"]
CMD ["serve"]
