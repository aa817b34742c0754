import { ApiProperty } from '@nestjs/swagger';
import { LevelView, toLevelView } from './level.views.js';
import type { OrganizationEntity } from './organization.entity.js';

/** An organisation as it is shown. */
export class OrganizationView extends LevelView {
  @ApiProperty()
  organization_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Example Ltd' })
  organization_alias!: string | null;
}

/** Answer of `POST /organization/delete`. */
export class DeletedOrganizationsView {
  @ApiProperty({ type: [String], description: 'Ids of the organisations that are gone' })
  deleted_organizations!: readonly string[];
}

/** What is shown of a stored organisation. */
export function toOrganizationView(organization: OrganizationEntity): OrganizationView {
  return {
    organization_id: organization.id,
    organization_alias: organization.organization_alias,
    ...toLevelView(organization),
  };
}
