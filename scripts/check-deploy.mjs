/**
 * Checks what operators use: the files for containers with both linters; the Helm chart, as made of its default values,
 * against the schemas of Kubernetes; every expression of the alert rules and the dashboard with the grammar of
 * Prometheus; and that the variables of docker-compose.yml, of the chart, of the code, of .env.example and of
 * docs/configuration.md are the same ones. Names only; values and prose stay with the reader.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { chartFaults } from './deploy/chart.mjs';
import { expressions, metricsOf } from './deploy/monitored.mjs';

const OWN_IMAGE = 'gatehouse:local';
const LINTERS = [
  ['node_modules/dclint/bin/dclint.cjs', '--max-warnings', '0', 'docker-compose.yml'],
  ['node_modules/dockerfilelint/bin/dockerfilelint', 'Dockerfile'],
];
/** `reader.value('PORT', …)` and the like; the group before the name is there for secrets only. */
const READ = /\.(?:(secretValue)|value|text)(?:<[^()]*>)?\(\s*'([A-Z][A-Z0-9_]*)'/g;

const findings = [...LINTERS.flatMap(lint), ...compareVariables(), ...chartFaults(), ...promqlFaults()];
for (const finding of findings) process.stderr.write(`${finding}\n`);
if (findings.length === 0)
  process.stdout.write(
    'docker-compose.yml, Dockerfile, chart, alert rules, dashboard and the documented variables are in order\n',
  );
process.exitCode = findings.length === 0 ? 0 : 1;

function lint([program, ...args]) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  if (status === 0) return [];
  return [
    `${args.at(-1)}: ${program.split('/')[1]} found\n${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim(),
  ];
}

/** That their metrics exist is for test/e2e/deploy.e2e.spec.ts, which has a gateway. */
function promqlFaults() {
  const all = expressions();
  if (all.length === 0) throw new Error('no expression was found in deploy/');
  return all
    .filter(({ text }) => (metricsOf(text)?.size ?? 0) === 0)
    .map(({ where, text }) => `${where}: not PromQL, or without a metric: ${text}`);
}

function compareVariables() {
  const read = variablesOfCode();
  const compose = readFileSync('docker-compose.yml', 'utf8');
  const substituted = matches(compose, /\$\{([A-Z][A-Z0-9_]*)/g);
  const given = variablesOfOwnServices(compose);
  const example = matches(readFileSync('.env.example', 'utf8'), /^(?:# ?)?([A-Z][A-Z0-9_]*)=/gm);
  const documented = matches(readFileSync('docs/configuration.md', 'utf8'), /`([A-Z][A-Z0-9_]*)`/g);
  const known = new Set([...read, ...substituted]);
  return [
    ...missing(known, example, 'is not in .env.example'),
    ...missing(known, documented, 'is not in docs/configuration.md'),
    ...missing(example, known, 'is in .env.example, but nothing reads it'),
    ...missing(given, read, 'is set in docker-compose.yml, but the gateway does not read it'),
    ...missing(variablesOfChart(), read, 'is set in the chart, but the gateway does not read it'),
  ];
}

function variablesOfCode() {
  const names = new Set();
  const files = readdirSync('src/config').filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
  for (const file of files) {
    for (const [, secret, name] of readFileSync(`src/config/${file}`, 'utf8').matchAll(READ)) {
      names.add(name);
      if (secret !== undefined) names.add(`${name}_FILE`);
    }
  }
  if (names.size === 0) throw new Error('no variable was found in src/config: has the way of reading them changed?');
  return names;
}

function variablesOfOwnServices(compose) {
  const { services } = parse(compose, { merge: true });
  const own = Object.values(services).filter(({ image }) => image === OWN_IMAGE);
  return new Set(own.flatMap(({ environment = {} }) => Object.keys(environment)));
}

function variablesOfChart() {
  const { env } = parse(readFileSync('deploy/helm/gatehouse/values.yaml', 'utf8'));
  const deployment = readFileSync('deploy/helm/gatehouse/templates/deployment.yaml', 'utf8');
  const own = matches(deployment, /- name: ([A-Z][A-Z0-9_]*)$/gm);
  // Kubernetes puts it into REPLICA_URL.
  own.delete('POD_IP');
  return new Set([...Object.keys(env), ...own]);
}

function matches(text, pattern) {
  return new Set(Array.from(text.matchAll(pattern), ([, name]) => name));
}

function missing(wanted, present, complaint) {
  return [...wanted].filter((name) => !present.has(name)).map((name) => `${name} ${complaint}`);
}
