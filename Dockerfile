# Compiles with the development dependencies; nothing of this stage but dist/ is kept.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=optional --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY migrations ./migrations
RUN npm run build

# The optional packages are the binaries of the embedded PostgreSQL: 60 MB that a container with DATABASE_URL never uses.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-bookworm-slim AS runtime
WORKDIR /app
# Files stay owned by root: the process can read its own code and not change it.
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# HOME and the npm cache lie on the tmpfs because the root file system is read-only in docker-compose.yml.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 HOME=/tmp npm_config_cache=/tmp/.npm
EXPOSE 4000
# The user "node" of the image, by number, so that orchestrators can see that it is not root.
USER 1000:1000
CMD ["node", "--enable-source-maps", "dist/src/main.js"]
