import type { DiscoveredServerDto, NeededVariableDto } from './discovery.dto.js';

/** When the packages were looked up in the npm registry. */
const CHECKED_AT = '2026-11-21';

type About = Pick<DiscoveredServerDto, 'name' | 'title' | 'description' | 'category' | 'publisher'>;

const REFERENCE = 'Model Context Protocol project';
const BEARER = secret('Authorization', 'Bearer token of the service, as auth_type bearer_token, or OAuth');

/** Known servers. What nobody looked up says so. */
export const SERVER_CATALOGUE: readonly DiscoveredServerDto[] = [
  npm(about('filesystem', 'Filesystem', 'Reads and writes files in chosen directories.', 'System', REFERENCE), {
    package: '@modelcontextprotocol/server-filesystem',
    args: ['/path/to/directory'],
  }),
  npm(about('memory', 'Memory', 'A knowledge graph that is kept in a file.', 'Knowledge', REFERENCE), {
    package: '@modelcontextprotocol/server-memory',
    variables: [plain('MEMORY_FILE_PATH', 'File of the graph')],
  }),
  npm(about('sequential_thinking', 'Sequential Thinking', 'Structured steps of thought.', 'Reasoning', REFERENCE), {
    package: '@modelcontextprotocol/server-sequential-thinking',
  }),
  npm(about('everything', 'Everything', 'Shows every feature of the protocol; for tests.', 'Development', REFERENCE), {
    package: '@modelcontextprotocol/server-everything',
    args: ['stdio'],
  }),
  npm(
    about('playwright', 'Playwright', 'Drives a browser over its accessibility tree.', 'Web and browser', 'Microsoft'),
    {
      package: '@playwright/mcp',
    },
  ),
  npm(about('notion_local', 'Notion (local)', 'Pages and databases of Notion.', 'Productivity', 'Notion'), {
    package: '@notionhq/notion-mcp-server',
    variables: [secret('NOTION_TOKEN', 'Token of an integration')],
  }),
  npm(about('context7_local', 'Context7 (local)', 'Current documentation of libraries.', 'Development', 'Upstash'), {
    package: '@upstash/context7-mcp',
    variables: [secret('CONTEXT7_API_KEY', 'Optional; raises limits')],
  }),
  npm(about('mongodb', 'MongoDB', 'Databases and collections of MongoDB and Atlas.', 'Databases', 'MongoDB'), {
    package: 'mongodb-mcp-server',
    variables: [secret('MDB_MCP_CONNECTION_STRING', 'Connection string')],
  }),
  npm(about('stripe_local', 'Stripe (local)', 'Payments, customers and invoices.', 'Finance', 'Stripe'), {
    package: '@stripe/mcp',
    variables: [secret('STRIPE_SECRET_KEY', 'Restricted key')],
  }),
  remote(about('github', 'GitHub', 'Repositories, issues and pull requests.', 'Development', 'GitHub'), {
    url: 'https://api.githubcopilot.com/mcp/',
  }),
  remote(about('linear', 'Linear', 'Issues and projects.', 'Project management', 'Linear'), {
    url: 'https://mcp.linear.app/mcp',
  }),
  remote(about('atlassian', 'Atlassian', 'Jira and Confluence.', 'Project management', 'Atlassian'), {
    url: 'https://mcp.atlassian.com/v1/mcp',
  }),
  remote(about('asana', 'Asana', 'Tasks and projects.', 'Project management', 'Asana'), {
    url: 'https://mcp.asana.com/mcp',
  }),
  remote(about('notion', 'Notion', 'Pages and databases of Notion.', 'Productivity', 'Notion'), {
    url: 'https://mcp.notion.com/mcp',
  }),
  remote(about('stripe', 'Stripe', 'Payments, customers and invoices.', 'Finance', 'Stripe'), {
    url: 'https://mcp.stripe.com',
  }),
  remote(about('paypal', 'PayPal', 'Invoices, orders and disputes.', 'Finance', 'PayPal'), {
    url: 'https://mcp.paypal.com/mcp',
  }),
  remote(about('sentry', 'Sentry', 'Errors and traces of applications.', 'Monitoring', 'Sentry'), {
    url: 'https://mcp.sentry.dev/mcp',
  }),
  remote(about('posthog', 'PostHog', 'Product analytics and feature flags.', 'Monitoring', 'PostHog'), {
    url: 'https://mcp.posthog.com/mcp',
  }),
  remote(about('supabase', 'Supabase', 'Projects, tables and functions.', 'Databases', 'Supabase'), {
    url: 'https://mcp.supabase.com/mcp',
  }),
  remote(about('neon', 'Neon', 'Serverless PostgreSQL projects and branches.', 'Databases', 'Neon'), {
    url: 'https://mcp.neon.tech/mcp',
  }),
  remote(about('vercel', 'Vercel', 'Projects, deployments and their logs.', 'Cloud', 'Vercel'), {
    url: 'https://mcp.vercel.com',
  }),
  remote(about('cloudflare_docs', 'Cloudflare Docs', 'Search in the documentation.', 'Cloud', 'Cloudflare'), {
    url: 'https://docs.mcp.cloudflare.com/mcp',
    open: true,
  }),
  remote(about('microsoft_learn', 'Microsoft Learn', 'Search in the documentation.', 'Knowledge', 'Microsoft'), {
    url: 'https://learn.microsoft.com/api/mcp',
    open: true,
  }),
  remote(about('deepwiki', 'DeepWiki', 'Questions about public repositories.', 'Knowledge', 'Cognition'), {
    url: 'https://mcp.deepwiki.com/mcp',
    open: true,
  }),
  remote(about('hugging_face', 'Hugging Face', 'Models, data sets and papers.', 'Knowledge', 'Hugging Face'), {
    url: 'https://huggingface.co/mcp',
  }),
  remote(about('context7', 'Context7', 'Current documentation of libraries.', 'Development', 'Upstash'), {
    url: 'https://mcp.context7.com/mcp',
  }),
  remote(about('exa', 'Exa', 'Search on the web.', 'Search', 'Exa'), { url: 'https://mcp.exa.ai/mcp' }),
  remote(about('figma', 'Figma', 'Designs and components.', 'Design', 'Figma'), { url: 'https://mcp.figma.com/mcp' }),
  remote(about('canva', 'Canva', 'Designs and exports.', 'Design', 'Canva'), { url: 'https://mcp.canva.com/mcp' }),
  remote(about('intercom', 'Intercom', 'Conversations and contacts.', 'Communication', 'Intercom'), {
    url: 'https://mcp.intercom.com/mcp',
  }),
];

function about(name: string, title: string, description: string, category: string, publisher: string): About {
  return { name, title, description, category, publisher };
}

function npm(
  entry: About,
  { package: name, args = [], variables = [] }: { package: string; args?: string[]; variables?: NeededVariableDto[] },
): DiscoveredServerDto {
  return {
    ...{
      ...entry,
      icon_url: null,
      registry_url: `https://www.npmjs.com/package/${name}`,
      transport: 'stdio',
      url: null,
    },
    ...{ command: 'npx', args: ['-y', name, ...args], env_vars: variables, check: 'npm', checked_at: CHECKED_AT },
  };
}

function remote(entry: About, { url, open = false }: { url: string; open?: boolean }): DiscoveredServerDto {
  return {
    ...{ ...entry, icon_url: null, registry_url: null, transport: 'http', url, command: null, args: [] },
    ...{ env_vars: open ? [] : [BEARER], check: 'unchecked', checked_at: null },
  };
}

function secret(name: string, description: string): NeededVariableDto {
  return { name, description, secret: true };
}

function plain(name: string, description: string): NeededVariableDto {
  return { name, description, secret: false };
}
