import { In, type EntityManager } from 'typeorm';
import { AccessGroupEntity } from './access-group.entity.js';

/** Those of the ids that are unified access groups. */
export async function presentAccessGroups(
  ids: readonly string[],
  manager: EntityManager,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await manager.find(AccessGroupEntity, { select: { id: true }, where: { id: In([...ids]) } });
  return new Set(rows.map((row) => row.id));
}
