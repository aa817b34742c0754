import type { OfferKinds } from '../catalog/offer-listing.service.js';
import type { JsonObject } from '../common/json.js';

/** What a door says that it serves: only what it really does. Nothing announces changes yet, so nothing says so. */
export function doorCapabilities({ prompts, resources, completions }: OfferKinds): JsonObject {
  return {
    tools: {},
    logging: {},
    ...(prompts && { prompts: {} }),
    ...(resources && { resources: {} }),
    ...(completions && { completions: {} }),
  };
}
