/**
 * Every text for users, one folder per language. To add a language, copy `en`, translate it and add it here: the compiler
 * lists what is missing. One table per area, so that bundles contain only the areas they use.
 */
import * as en from './en/index.ts';
import * as ko from './ko/index.ts';

export const LANGUAGES = ['en', 'ko'] as const;
export type Language = (typeof LANGUAGES)[number];
type InEach<T> = Readonly<Record<Language, T>>;

export const refusals: InEach<typeof en.refusals> = { en: en.refusals, ko: ko.refusals };
export const drfRefusals: InEach<typeof en.drfRefusals> = { en: en.drfRefusals, ko: ko.drfRefusals };
export const fieldFaults: InEach<typeof en.fieldFaults> = { en: en.fieldFaults, ko: ko.fieldFaults };
export const attributeNames: InEach<typeof en.attributeNames> = {
  en: en.attributeNames,
  ko: ko.attributeNames,
};
export const consoleWords: InEach<typeof en.consoleWords> = { en: en.consoleWords, ko: ko.consoleWords };
export const mails: InEach<typeof ko.mails> = { en: en.mails, ko: ko.mails };
export const mailParts: InEach<typeof en.mailParts> = { en: en.mailParts, ko: ko.mailParts };
export const mailLinkPages: InEach<typeof en.mailLinkPages> = { en: en.mailLinkPages, ko: ko.mailLinkPages };
export const mailLinkParts: InEach<typeof en.mailLinkParts> = { en: en.mailLinkParts, ko: ko.mailLinkParts };
export const emailSignInPage: InEach<typeof en.emailSignInPage> = {
  en: en.emailSignInPage,
  ko: ko.emailSignInPage,
};
export const libraryFaults: InEach<typeof en.libraryFaults> = { en: en.libraryFaults, ko: ko.libraryFaults };
export const restAuthWords: InEach<typeof en.restAuthWords> = { en: en.restAuthWords, ko: ko.restAuthWords };
export const accountPages: InEach<typeof en.accountPages> = { en: en.accountPages, ko: ko.accountPages };
export const devPages: InEach<typeof en.devPages> = { en: en.devPages, ko: ko.devPages };
export const passkeyNames: InEach<typeof en.passkeyNames> = { en: en.passkeyNames, ko: ko.passkeyNames };
