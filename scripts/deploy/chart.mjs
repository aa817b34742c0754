import { readdirSync, readFileSync } from 'node:fs';
import * as apps from 'kubernetes-models/apps/v1';
import * as autoscaling from 'kubernetes-models/autoscaling/v2';
import * as batch from 'kubernetes-models/batch/v1';
import * as core from 'kubernetes-models/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import { parse, parseAllDocuments } from 'yaml';

const CHART = 'deploy/helm/gatehouse';
const TEMPLATES = `${CHART}/templates`;
const MODELS = {
  v1: core,
  'apps/v1': apps,
  'autoscaling/v2': autoscaling,
  'batch/v1': batch,
  'networking.k8s.io/v1': networking,
  'policy/v1': policy,
};
/** The templates keep to these three, which are the same here as in Helm. */
const ACTION = /\{\{-? *(.*?) *-?\}\}/g;
const VALUE = /^\.Values\.([\w.]+) \| toJson$/;

/** What is wrong with the chart, as made of its own default values. */
export function chartFaults() {
  const values = parse(readFileSync(`${CHART}/values.yaml`, 'utf8'));
  const used = new Set();
  const faults = readdirSync(TEMPLATES).flatMap((file) => templateFaults(file, values, used));
  const unused = pathsOf(values).filter(
    (path) => ![...used].some((name) => path === name || path.startsWith(`${name}.`)),
  );
  return [...faults, ...unused.map((path) => `${CHART}/values.yaml: no template uses ${path}`)];
}

function templateFaults(file, values, used) {
  try {
    const text = rendered(readFileSync(`${TEMPLATES}/${file}`, 'utf8'), values, used);
    return parseAllDocuments(text).flatMap((document) => {
      if (document.errors.length > 0) return document.errors.map(({ message }) => `${file}: ${message}`);
      return objectFaults(document.toJS()).map((fault) => `${TEMPLATES}/${file}: ${fault}`);
    });
  } catch (error) {
    return [`${TEMPLATES}/${file}: ${error.message}`];
  }
}

function rendered(template, values, used) {
  return template.replaceAll(ACTION, (_, action) => {
    if (action === '.Release.Name') return 'release';
    if (action === 'end') return '';
    const condition = /^if \.Values\.([\w.]+)$/.exec(action)?.[1];
    const path = condition ?? VALUE.exec(action)?.[1];
    if (path === undefined) throw new Error(`the check does not know {{ ${action} }}`);
    used.add(path);
    const value = path.split('.').reduce((object, name) => object?.[name], values);
    if (value === undefined) throw new Error(`values.yaml has no ${path}`);
    if (condition !== undefined && value !== true) throw new Error(`${path} has to be true by default to be checked`);
    return condition === undefined ? JSON.stringify(value) : '';
  });
}

function objectFaults(object) {
  const Model = MODELS[object?.apiVersion]?.[object?.kind];
  if (Model === undefined) return [`${object?.apiVersion} ${object?.kind} is not known`];
  try {
    new Model(object).validate();
    return [];
  } catch (error) {
    return [error.message];
  }
}

/** Paths of the leaves; what is empty or a list is a leaf. */
function pathsOf(values, prefix = '') {
  return Object.entries(values).flatMap(([name, value]) => {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
    return isMap ? pathsOf(value, `${prefix}${name}.`) : [`${prefix}${name}`];
  });
}
