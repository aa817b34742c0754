import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';

const ALERTS = 'deploy/prometheus-alerts.yaml';
const DASHBOARD = 'deploy/grafana-dashboard.json';
/** Grafana puts these in; any value of the same kind makes the expression a whole one. */
const VARIABLES = [
  [/\$__rate_interval|\$__interval/g, '5m'],
  [/\$\{?instance\}?/g, '.*'],
];

/** Every expression of the alert rules and of the dashboard: `{where, text}`. */
export function expressions() {
  const rules = parse(readFileSync(ALERTS, 'utf8')).groups.flatMap((group) => group.rules);
  const { panels, templating } = JSON.parse(readFileSync(DASHBOARD, 'utf8'));
  const queried = templating.list.flatMap(
    ({ query }) => /label_values\((.+), \w+\)/.exec(query.query ?? '')?.[1] ?? [],
  );
  return [
    ...rules.map(({ alert, expr }) => ({ where: `${ALERTS}, ${alert}`, text: expr })),
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ where: `${DASHBOARD}, ${title}`, text: filled(expr) })),
    ),
    ...queried.map((text) => ({ where: `${DASHBOARD}, variables`, text })),
  ];
}

/** Names of metrics in an expression; null when it is not PromQL. */
export function metricsOf(text) {
  const names = new Set();
  let isWhole = true;
  parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError) isWhole = false;
      if (node.name === 'VectorSelector') {
        const name = node.node.getChild('Identifier');
        if (name !== null) names.add(text.slice(name.from, name.to));
      }
    },
  });
  return isWhole ? names : null;
}

function filled(expression) {
  return VARIABLES.reduce((text, [variable, value]) => text.replaceAll(variable, value), expression);
}
