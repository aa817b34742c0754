import { Catch, Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { RefusalFilter } from '../audit/refusal.filter.js';

/** Records what the global guard refused at `/mcp-rest`. */
@Injectable()
@Catch()
export class RestRefusalFilter extends RefusalFilter {
  constructor(audit: AuditService) {
    super('rest', audit);
  }
}
