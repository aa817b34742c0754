import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
// SIGTERM lets running tool calls finish and stops the embedded PostgreSQL.
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
const url = await app.getUrl();
process.stdout.write(`The shop is ready at ${url}, its gateway at ${url}/gatehouse\n`);
