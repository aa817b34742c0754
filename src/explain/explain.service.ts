import { Injectable } from '@nestjs/common';
import type { Principal } from '../auth/principal.js';
import { fieldFaults } from '../common/validation.js';
import { CatalogService } from '../catalog/catalog.service.js';
import type { AccessDecision } from '../permissions/access-decision.js';
import type { AccessRequest } from '../permissions/access-request.js';
import { explainDecision, type Explanation } from '../permissions/explanation.js';
import { scopeOfPath } from '../permissions/path-scope.js';
import { PolicyService } from '../permissions/policy.service.js';
import type { PolicyWorld } from '../permissions/policy-world.js';
import { ExplainSubjects } from './explain-subjects.js';
import { explainRefusedScope, explainTarget, serverRulesFor, type Finding } from './explained-call.js';
import type { ExplainDto } from './explain.dto.js';
import type { ExplanationView } from './explain.views.js';
import { requestDenial } from './rule-texts.js';
import { TargetFinder } from './target-finder.js';
import { viewerOf, type Viewer } from './viewer.js';

/** Most rules in one answer; only a question about everything in a large registry has more. */
const MAX_RULES = 1000;

/** Who asks, and from where. */
export interface Asker {
  readonly principal: Principal;
  /** The address is not internal, or not known. */
  readonly external: boolean;
}

/** Answers why something is allowed or refused, by the decision itself. */
@Injectable()
export class ExplainService {
  constructor(
    private readonly policy: PolicyService,
    private readonly catalog: CatalogService,
    private readonly subjects: ExplainSubjects,
    private readonly targets: TargetFinder,
  ) {}

  /** @throws GatehouseError as {@link ExplainSubjects.find}, and `invalid_request` for a path that is no MCP door */
  async explain(question: ExplainDto, asker: Asker): Promise<ExplanationView> {
    const subject = this.subjects.find(question, asker.principal);
    if (!subject.usable) return unusableKey(subject.keyLevelId);
    const world = this.policy.world();
    const own = requestOf(question, asker.external);
    const viewer = viewerOf(world, asker.principal, own);
    const request = { ...own, external: externalOf(question, asker, viewer) };
    const explanation = explainDecision(world, subject.principal, request);
    const finding = await this.findingOf(question, {
      world,
      viewer,
      request,
      explanation,
      principal: subject.principal,
    });
    return {
      decision: finding.code === null ? 'allow' : 'deny',
      code: finding.code,
      rules: finding.rules.slice(0, MAX_RULES),
      ...(await this.allowed(explanation.decision)),
    };
  }

  private async findingOf(question: ExplainDto, found: Found): Promise<Finding> {
    const { world, viewer, request, explanation, principal } = found;
    const { decision } = explanation;
    const rulesOf = serverRulesFor(explanation, viewer);
    if (!decision.granted) {
      if (decision.code === 'forbidden_scope') return explainRefusedScope(explanation, rulesOf, viewer);
      return { code: decision.code, rules: [routeDenial(principal, request.route)] };
    }
    const target = await this.targets.find(question, world, viewer);
    if (target !== null) return explainTarget(explanation, principal, target, viewer);
    return { code: null, rules: world.registry.servers.flatMap(rulesOf) };
  }

  private async allowed(decision: AccessDecision): Promise<Pick<ExplanationView, 'servers' | 'tools'>> {
    if (!decision.granted) return { servers: [], tools: {} };
    const granted = [...decision.servers.values()];
    const catalogs = await Promise.all(granted.map(({ server }) => this.catalog.load(server)));
    const tools = granted.map((access, index) => {
      const names = (catalogs[index]?.tools ?? []).map((tool) => tool.name);
      return [access.server.id, names.filter((name) => access.allowsTool(name))] as const;
    });
    return {
      servers: granted.map(({ server: { id, alias, name } }) => ({ server_id: id, alias, server_name: name })),
      tools: Object.fromEntries(tools),
    };
  }
}

interface Found {
  readonly world: PolicyWorld;
  readonly viewer: Viewer;
  readonly request: AccessRequest;
  readonly explanation: Explanation;
  readonly principal: Principal;
}

function requestOf({ path, server_id: server, x_mcp_servers: header }: ExplainDto, external: boolean): AccessRequest {
  const route = path ?? '/mcp';
  const serversHeader = header ?? null;
  const isOneServer = path === undefined && header === undefined && server !== undefined;
  const scope = isOneServer ? ({ kind: 'server', reference: server } as const) : scopeOfPath(route);
  if (scope === null) {
    throw fieldFaults([{ path: 'path', message: 'must be the path of an MCP door, such as /mcp or /mcp/{servers}' }]);
  }
  return { route, scope, serversHeader, external };
}

/** Only an admin may look from inside when it is outside. */
function externalOf({ external }: ExplainDto, asker: Asker, viewer: Viewer): boolean {
  if (external === undefined) return asker.external;
  return external || (asker.external && !viewer.hasAdminView);
}

function routeDenial(principal: Principal, route: string): Finding['rules'][number] {
  const key = principal.levels.find(({ kind }) => kind === 'key');
  const detail = `The allowed_routes of the key do not cover ${route}.`;
  return { ...requestDenial(detail), level: 'key', id: key?.id ?? null };
}

function unusableKey(id: string): ExplanationView {
  const detail = 'The key is blocked or has expired, so nobody is authenticated by it.';
  return {
    decision: 'deny',
    code: 'unauthenticated',
    rules: [{ level: 'key', id, effect: 'deny', detail }],
    servers: [],
    tools: {},
  };
}
