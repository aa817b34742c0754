import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { CreateMcpServerDto } from '../mcp-servers/mcp-server.dto.js';
import { ConnectionTestDto, ToolListTestDto } from './server-test.dto.js';
import { ServerTestService } from './server-test.service.js';

const DESCRIPTION =
  'For whoever may save such a server, under the same rules of `OUTBOUND_ALLOW` and `STDIO_COMMANDS`. With the ' +
  '`server_id` of a stored server its credentials are used, for the same origin only. Nothing is stored.';

/** Settings tried out before they are saved. */
@ApiTags('MCP servers')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('mcp-rest/test')
export class ServerTestController {
  constructor(private readonly tests: ServerTestService) {}

  @Post('connection')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Can a server with these settings be reached?', description: DESCRIPTION })
  @ApiOkResponse({ type: ConnectionTestDto, description: 'A failure of the server is an answer too' })
  @ApiProblems(...BODY_PROBLEMS)
  async connection(@Body() body: CreateMcpServerDto): Promise<ConnectionTestDto> {
    const test = await this.tests.test(body.server_id ?? null, body);
    return test.ok ? { status: 'ok' } : { status: 'error', error: true, message: test.message };
  }

  @Post('tools/list')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Which tools has a server with these settings?', description: DESCRIPTION })
  @ApiOkResponse({ type: ToolListTestDto, description: 'A failure of the server is an answer too' })
  @ApiProblems(...BODY_PROBLEMS)
  async tools(@Body() body: CreateMcpServerDto): Promise<ToolListTestDto> {
    const test = await this.tests.test(body.server_id ?? null, body);
    if (!test.ok) return { tools: [], warnings: [], error: 'test_failed', message: test.message };
    const tools = test.tools.map((tool) => ({ ...tool }));
    return { tools, warnings: [...test.warnings], error: null, message: `${tools.length} tools` };
  }
}
