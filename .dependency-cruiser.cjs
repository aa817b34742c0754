/**
 * The rooms of the house and who may use whom (docs/architecture.md). Arrows point down only.
 * Each room lists what it may import besides itself; every room may use common and config.
 */
const rooms = {
  common: [],
  config: [],
  database: [],
  queue: ['database'],
  events: ['database'],
  outbound: [],
  replicas: ['database'],
  expressions: [],
  openapi: [],
  'write-log': [],
  tracing: [],
  auth: ['database', 'events', 'expressions', 'outbound', 'write-log'],
  'mcp-servers': ['auth', 'database', 'events', 'expressions', 'outbound', 'write-log'],
  toolsets: ['auth', 'database', 'events', 'mcp-servers', 'write-log'],
  permissions: ['auth', 'expressions', 'mcp-servers', 'toolsets'],
  limits: ['auth', 'database', 'events', 'mcp-servers'],
  signing: ['auth', 'database', 'events', 'write-log'],
  login: ['auth', 'signing', 'database', 'outbound'],
  hooks: ['auth', 'tracing'],
  embedding: ['hooks'],
  testing: ['hooks', 'permissions', 'mcp-servers', 'auth'],
  credentials: ['auth', 'database', 'events', 'mcp-servers', 'outbound', 'write-log'],
  oauth: ['auth', 'credentials', 'mcp-servers'],
  audit: ['auth', 'database', 'signing', 'write-log'],
  'parked-calls': ['database', 'replicas'],
  approvals: ['auth', 'database', 'events'],
  upstream: ['mcp-servers', 'credentials', 'outbound', 'openapi', 'permissions', 'auth'],
  catalog: ['permissions', 'hooks', 'upstream', 'toolsets', 'mcp-servers', 'auth'],
  explain: ['permissions', 'catalog', 'audit', 'auth', 'database', 'expressions', 'mcp-servers'],
  'tool-calls': [
    ...['approvals', 'permissions', 'limits', 'hooks', 'audit', 'catalog', 'upstream', 'mcp-servers', 'auth'],
    'tracing',
  ],
  guardrails: [
    'hooks',
    'tool-calls',
    'catalog',
    'permissions',
    'mcp-servers',
    'expressions',
    'auth',
    'outbound',
    'database',
    'events',
    'signing',
    'credentials',
    'write-log',
  ],
  'server-requests': ['permissions', 'limits', 'audit', 'catalog', 'upstream', 'mcp-servers', 'auth'],
  cli: ['auth', 'mcp-servers'],
  reload: ['hooks', 'mcp-servers'],
  subscriptions: ['server-requests', 'catalog', 'permissions', 'upstream', 'mcp-servers', 'auth'],
  health: [
    ...['mcp-servers', 'toolsets', 'upstream', 'catalog', 'queue', 'events', 'database'],
    ...['auth', 'hooks', 'audit', 'reload'],
  ],
  'queue-board': ['auth', 'write-log'],
  'semantic-filter': ['catalog', 'permissions', 'outbound', 'auth'],
  'llm-endpoint': [
    ...['tool-calls', 'catalog', 'semantic-filter', 'permissions', 'limits', 'outbound', 'auth', 'audit'],
  ],
  'mcp-endpoint': [
    ...['tool-calls', 'server-requests', 'parked-calls', 'subscriptions', 'replicas', 'semantic-filter'],
    ...['catalog', 'permissions', 'mcp-servers', 'auth', 'audit'],
  ],
  'rest-endpoint': ['tool-calls', 'catalog', 'permissions', 'mcp-servers', 'auth', 'audit'],
};
const floor = ['common', 'config'];
const pathOf = (names) => `^src/(${names.join('|')})/`;

const boundaries = Object.entries(rooms).map(([room, uses]) => ({
  name: `room-${room}`,
  comment: `${room} may use: ${[...uses, ...floor].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: '\\.spec\\.ts$' },
  to: { path: '^src/', pathNot: pathOf([room, ...uses, ...(room === 'common' ? [] : floor)]) },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...boundaries,
    {
      name: 'only-the-road-dispatches',
      comment: 'a tool call leaves the house only through tool-calls; nobody else may import a backend that can invoke',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(upstream|tool-calls|app\\.module)' },
      to: { path: '^src/upstream/.*backend' },
    },
    {
      name: 'no-foreign-entities',
      comment: 'an entity stays in its room; across rooms a foreign key is an id',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/.*\\.entity', pathNot: '^src/$1/' },
    },
    { name: 'no-barrels', severity: 'error', from: {}, to: { path: '^src/.+/index\\.ts$' } },
    {
      name: 'not-to-dev-dep',
      severity: 'error',
      from: { path: '^src', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
