import type { OfferKinds } from '../catalog/offer-listing.service.js';
import type { JsonObject } from '../common/json.js';

/** What a door says that it serves: only what it really does. Changes of the caller's lists are always told. */
export function doorCapabilities({ prompts, resources, completions, subscriptions }: OfferKinds): JsonObject {
  return {
    tools: { listChanged: true },
    logging: {},
    ...(prompts && { prompts: { listChanged: true } }),
    ...(resources && { resources: { listChanged: true, ...(subscriptions && { subscribe: true }) } }),
    ...(completions && { completions: {} }),
  };
}
