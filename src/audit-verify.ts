import 'reflect-metadata';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuditVerifyModule } from './audit/chain/audit-chain.module.js';
import { AuditVerifier, type AuditVerification, type ExpectedHead } from './audit/chain/audit-verifier.js';
import { messageOf } from './common/gatehouse-error.js';
import type { Secret } from './common/secret.js';
import type { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { ConfigurationError } from './config/configuration-error.js';
import { loadConfig } from './config/load-config.js';
import { DatabaseModule } from './database/database.module.js';
import { openDatabase } from './database/open-database.js';

/** sysexits.h: wrong usage, configuration error. */
const EXIT_USAGE = 64;
const EXIT_CONFIGURATION = 78;
const EXIT_FAILURE = 1;
/** Something was changed, removed, added or put in another order. */
const EXIT_FOUND = 2;

/** `npm run audit:verify [-- --head <seq>:<hash>]`. Reads the database and changes nothing in it. */
async function main(): Promise<void> {
  const expected = expectedHead(process.argv.slice(2));
  const config = loadConfig(process.env);
  const database = await openDatabase({ ...config, runMigrations: false });
  try {
    const verification = await verify(config, database.url, expected);
    report(verification);
    if (verification.findings.length > 0) process.exitCode = EXIT_FOUND;
  } finally {
    await database.close();
  }
}

async function verify(config: Config, databaseUrl: Secret, expected: ExpectedHead | null): Promise<AuditVerification> {
  const app = await NestFactory.createApplicationContext(VerifyingModule.forRoot(config, databaseUrl), {
    ...{ logger: false, abortOnError: false },
  });
  try {
    return await app.get(AuditVerifier, { strict: false }).verify(expected);
  } finally {
    await app.close();
  }
}

@Module({})
class VerifyingModule {
  static forRoot(config: Config, databaseUrl: Secret): DynamicModule {
    return {
      module: VerifyingModule,
      imports: [ConfigModule.forRoot(config), DatabaseModule.forRoot(databaseUrl), AuditVerifyModule],
    };
  }
}

function report({ findings, records, links, heads, newestHead, unchained }: AuditVerification): void {
  const lines = findings.map((finding) => `FOUND  ${finding}`);
  lines.push(`${records} records in ${links} links under ${heads} signed heads`);
  if (unchained > 0) lines.push(`${unchained} records are older than the chains, which do not speak for them`);
  if (newestHead !== null) lines.push(`newest head: ${newestHead.seq}:${newestHead.hash}`);
  lines.push(findings.length === 0 ? 'Nothing was changed, removed, added or reordered.' : 'The audit is NOT intact.');
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** @throws UsageError */
function expectedHead(args: readonly string[]): ExpectedHead | null {
  if (args.length === 0) return null;
  const [, seq, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(args[1] ?? '') ?? [];
  if (args[0] !== '--head' || args.length !== 2 || seq === undefined || hash === undefined) throw new UsageError();
  return { seq: Number(seq), hash };
}

class UsageError extends Error {
  constructor() {
    super('Usage: npm run audit:verify [-- --head <seq>:<hash>], as an earlier run printed it');
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT_USAGE;
  return error instanceof ConfigurationError ? EXIT_CONFIGURATION : EXIT_FAILURE;
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = exitCodeOf(error);
});
