import type { DiscoveredApiDto } from './discovery.dto.js';

/** When the documents were looked up in the repositories of their publishers. */
const CHECKED_AT = '2026-11-21';
const RAW = 'https://raw.githubusercontent.com';

/** Known APIs with an OpenAPI document. */
export const API_CATALOGUE: readonly DiscoveredApiDto[] = [
  api('github', 'GitHub', 'Repositories, issues and pull requests.', {
    spec: 'github/rest-api-description/main/descriptions/api.github.com/api.github.com.json',
    oauth: {
      ...{ authorization_url: 'https://github.com/login/oauth/authorize', pkce: true },
      token_url: 'https://github.com/login/oauth/access_token',
      docs_url: 'https://docs.github.com/en/apps/oauth-apps',
    },
    tools: { 'issues/list-for-repo': 'Issues of a repository', 'issues/create': 'A new issue' },
  }),
  api('stripe', 'Stripe', 'Payments, customers and invoices.', {
    spec: 'stripe/openapi/master/openapi/spec3.json',
    tools: { GetCustomers: 'Customers', GetInvoices: 'Invoices' },
  }),
  api('slack', 'Slack', 'Channels and messages.', {
    spec: 'slackapi/slack-api-specs/master/web-api/slack_web_openapi_v2.json',
    oauth: {
      ...{ authorization_url: 'https://slack.com/oauth/v2/authorize', pkce: false },
      ...{ token_url: 'https://slack.com/api/oauth.v2.access', docs_url: 'https://docs.slack.dev/authentication' },
    },
    tools: { chat_postMessage: 'Posts a message', conversations_list: 'Channels' },
  }),
  api('figma', 'Figma', 'Files, comments and components.', {
    spec: 'figma/rest-api-spec/main/openapi/openapi.yaml',
    oauth: {
      ...{ authorization_url: 'https://www.figma.com/oauth', token_url: 'https://api.figma.com/v1/oauth/token' },
      ...{ pkce: true, docs_url: 'https://developers.figma.com/docs/rest-api/authentication' },
    },
    tools: { getFile: 'A file', getComments: 'Comments of a file' },
  }),
  api('twilio', 'Twilio', 'Messages and calls.', {
    spec: 'twilio/twilio-oai/main/spec/json/twilio_api_v2010.json',
    tools: { CreateMessage: 'Sends a message', ListMessage: 'Messages' },
  }),
  api('digitalocean', 'DigitalOcean', 'Droplets, databases and domains.', {
    spec: 'digitalocean/openapi/main/specification/DigitalOcean-public.v2.yaml',
    tools: { droplets_list: 'Droplets', domains_list: 'Domains' },
  }),
  api('asana', 'Asana', 'Tasks and projects.', {
    spec: 'Asana/openapi/master/defs/asana_oas.yaml',
    tools: { getTasks: 'Tasks', createTask: 'A new task' },
  }),
  api('box', 'Box', 'Files and folders.', {
    spec: 'box/box-openapi/main/openapi.json',
    tools: { get_folders_id_items: 'Content of a folder', get_search: 'Search' },
  }),
  api('cloudflare', 'Cloudflare', 'Zones, records and workers.', {
    spec: 'cloudflare/api-schemas/main/openapi.json',
    tools: { 'zones-get': 'Zones' },
  }),
];

function api(
  name: string,
  title: string,
  description: string,
  { spec, oauth = null, tools }: { spec: string; oauth?: DiscoveredApiDto['oauth']; tools: Record<string, string> },
): DiscoveredApiDto {
  return {
    ...{ name, title, description, icon_url: null, spec_url: `${RAW}/${spec}`, oauth },
    key_tools: Object.entries(tools).map(([tool, about]) => ({ name: tool, description: about })),
    ...{ publisher: title, check: 'repository', checked_at: CHECKED_AT },
  };
}
