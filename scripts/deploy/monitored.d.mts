/** Every expression of the alert rules and of the dashboard. */
export function expressions(): { readonly where: string; readonly text: string }[];
/** Names of metrics in an expression; null when it is not PromQL. */
export function metricsOf(text: string): Set<string> | null;
