import { ApiProperty } from '@nestjs/swagger';
import type { AccessGroupEntity } from './access-group.entity.js';
import { RecordView, toRecordView } from './level.views.js';

/** A unified access group as it is shown. */
export class AccessGroupView extends RecordView {
  @ApiProperty()
  access_group_id!: string;

  @ApiProperty({ example: 'build' })
  access_group_name!: string;

  @ApiProperty({ type: String, nullable: true })
  description!: string | null;

  @ApiProperty({ type: [String], description: 'Ids of the servers in it' })
  access_mcp_server_ids!: readonly string[];
}

/** Answer of `POST /access_group/delete`. */
export class DeletedAccessGroupsView {
  @ApiProperty({ type: [String], description: 'Ids of the groups that are gone' })
  deleted_access_groups!: readonly string[];
}

/** What is shown of a stored access group. */
export function toAccessGroupView(group: AccessGroupEntity): AccessGroupView {
  return {
    access_group_id: group.id,
    access_group_name: group.access_group_name,
    description: group.description,
    access_mcp_server_ids: group.access_mcp_server_ids,
    ...toRecordView(group),
  };
}
