import { Inject, Injectable } from '@nestjs/common';
import { fieldFaults } from '../common/validation.js';
import { CONFIG, type Config } from '../config/config.js';
import type { ModelEndpoint } from '../config/model-endpoint.js';

/** The models of `model_list`. */
@Injectable()
export class ModelCatalog {
  private readonly models: ReadonlyMap<string, ModelEndpoint>;

  constructor(@Inject(CONFIG) { models }: Pick<Config, 'models'>) {
    this.models = new Map(models.map((model) => [model.name, model]));
  }

  get names(): readonly string[] {
    return [...this.models.keys()];
  }

  /** @throws GatehouseError `invalid_request` */
  endpointOf(name: string): ModelEndpoint {
    const endpoint = this.models.get(name);
    if (endpoint !== undefined) return endpoint;
    throw fieldFaults([{ path: 'model', message: 'is not a model of this gateway; GET /v1/models lists them' }]);
  }
}
