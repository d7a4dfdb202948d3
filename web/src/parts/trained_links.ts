// Where trained models stand: a detector may have the same name.

import {link} from '../state/route';

export const newTraining = 'new training'; // no model can be called so: a name has no space
export const versionsView = 'versions';

export const linkOfTrained = (model: string) => link('models', model, {view: versionsView});
export const linkOfVersion = (model: string, version: number) => link('models', model, {view: versionsView, version: String(version)});
// With the pipeline of a version to begin with.
export const linkOfTraining = (model: string, version: number) => link('models', newTraining, {of: model, version: String(version)});
