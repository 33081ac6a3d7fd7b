/**
 * What the compiler knows of the property names of src/: which of them belong to the platform or a package as well,
 * and which ever meet on one object. build/minify.ts makes short names of it.
 *
 * Names are judged, not properties: one use that is not ours keeps a name everywhere. Where types say little, nothing
 * is concluded from them: whatever passes through `any`, `unknown`, `object` or a type predicate keeps its names.
 *
 * @module
 */

import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type * as TypeScript from '../node_modules/@microsoft/api-extractor/node_modules/typescript/lib/typescript.js'

/** TypeScript 7 has no interface to its checker that is fit for this; API Extractor brings the last version that has. */
const extractor = createRequire(import.meta.url).resolve('@microsoft/api-extractor/package.json')
const ts: typeof TypeScript = createRequire(extractor)('typescript')

type Type = TypeScript.Type
type Node = TypeScript.Node

export interface PropertyTypes {
  /** Names that our modules declare. */
  readonly declared: ReadonlySet<string>
  /** Those that are not ours alone, with the place where it shows. */
  readonly foreign: ReadonlyMap<string, string>
  /**
   * Names that an object may be asked for without having them: optional ones, and those of objects that are copied
   * or looked up by computed names. Nothing else on any object may be called the same.
   */
  readonly unsure: ReadonlySet<string>
  /** Names that one object has together. */
  readonly together: readonly ReadonlySet<string>[]
}

/** How deep types are followed into each other: what is nested deeper than this is held by no type of ours. */
const DEPTH = 3

/**
 * @param files the modules to begin with
 * @param config the tsconfig.json whose options hold for them
 * @param isOurs whether a file is of our source
 */
export function propertyTypes(
  files: readonly string[],
  config: string,
  isOurs: (file: string) => boolean,
): PropertyTypes {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, ts.sys.readFile).config,
    ts.sys,
    dirname(config),
  )
  const program = ts.createProgram([...files], options)
  const reader = new Reader(program.getTypeChecker(), isOurs)
  for (const file of program.getSourceFiles())
    if (!file.isDeclarationFile && isOurs(file.fileName)) reader.readFile(file)
  return reader
}

class Reader implements PropertyTypes {
  readonly declared = new Set<string>()
  readonly foreign = new Map<string, string>()
  readonly unsure = new Set<string>()
  private readonly sets = new Map<string, ReadonlySet<string>>()
  private readonly checker: TypeScript.TypeChecker
  private readonly isOurs: (file: string) => boolean
  private readonly seen = new Set<Type>()
  private readonly kept = new Set<Type>()
  private readonly met = new Map<Type, Set<Type>>()
  private node: Node | undefined
  /** In this file properties are looked for by their names, as texts. */
  private byText = false

  constructor(checker: TypeScript.TypeChecker, isOurs: (file: string) => boolean) {
    this.checker = checker
    this.isOurs = isOurs
  }

  get together(): ReadonlySet<string>[] {
    return [...this.sets.values()]
  }

  readFile(file: TypeScript.SourceFile): void {
    this.byText = false
    this.read(file)
    if (this.byText) this.keepTexts(file)
  }

  private read(node: Node): void {
    this.node = node
    this.declare(node)
    this.use(node)
    if (ts.isExpression(node)) this.value(node)
    else if (ts.isTypeNode(node) || ts.isClassLike(node) || ts.isInterfaceDeclaration(node))
      this.see(this.checker.getTypeAtLocation(node))
    if (ts.isClassLike(node)) this.inherit(node)
    if (ts.isTypePredicateNode(node)) this.predicate(node)
    ts.forEachChild(node, child => this.read(child))
  }

  private declare(node: Node): void {
    const named =
      ts.isClassElement(node) || ts.isTypeElement(node) || ts.isObjectLiteralElementLike(node)
        ? node.name
        : undefined
    if (named && ts.isIdentifier(named)) this.declared.add(named.text)
  }

  /** A name that stands where a property is used. */
  private use(node: Node): void {
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.name))
      this.used(node.name.text, this.checker.getSymbolAtLocation(node.name))
    if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent) && !node.dotDotDotToken) {
      const name = node.propertyName ?? node.name
      if (!ts.isIdentifier(name)) return
      const type = this.checker.getApparentType(this.checker.getTypeAtLocation(node.parent))
      this.used(name.text, this.checker.getPropertyOfType(type, name.text))
    }
    if (ts.isElementAccessExpression(node)) {
      const index = this.checker.getTypeAtLocation(node.argumentExpression)
      for (const text of partsOf(this.checker.getBaseConstraintOfType(index) ?? index))
        if (text.isStringLiteral()) this.keepName(text.value, 'index')
      if (!(index.flags & ts.TypeFlags.NumberLike))
        this.lookedUp(this.checker.getTypeAtLocation(node.expression))
    }
    if (ts.isObjectLiteralExpression(node) && node.properties.some(ts.isSpreadAssignment)) {
      this.lookedUp(this.checker.getTypeAtLocation(node))
      for (const each of node.properties)
        if (ts.isSpreadAssignment(each)) this.lookedUp(this.checker.getTypeAtLocation(each.expression))
    }
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InKeyword) this.byText = true
    if (ts.isForInStatement(node)) this.lookedUp(this.checker.getTypeAtLocation(node.expression))
  }

  private used(name: string, symbol: TypeScript.Symbol | undefined): void {
    if (symbol === undefined || this.isForeign(symbol)) this.keepName(name, 'used')
  }

  /** An expression, and what it is taken for where it stands. */
  private value(node: TypeScript.Expression): void {
    const type = this.checker.getTypeAtLocation(node)
    this.see(type)
    const wanted = this.checker.getContextualType(node)
    if (wanted) this.meet(type, wanted)
    if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node))
      this.meet(this.checker.getTypeAtLocation(node.expression), type)
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken)
      this.meet(this.checker.getTypeAtLocation(node.right), this.checker.getTypeAtLocation(node.left))
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) this.call(node)
  }

  private call(node: TypeScript.CallExpression | TypeScript.NewExpression): void {
    const given = (node.arguments ?? []).map(argument => this.checker.getTypeAtLocation(argument))
    const called = node.expression.getText()
    if (called.startsWith('Reflect.')) this.byText = true
    if (/^Object\.(assign|entries|fromEntries|keys|values)$/.test(called))
      for (const type of [...given, this.checker.getTypeAtLocation(node)]) this.lookedUp(type)
    if (/^Object\.(entries|keys)$/.test(called)) for (const type of given) this.keep(type, 'listed')
    const parameters = this.checker.getResolvedSignature(node)?.getParameters() ?? []
    for (const [i, type] of given.entries()) {
      const parameter = parameters[i]
      if (parameter) this.meet(type, this.checker.getTypeOfSymbolAtLocation(parameter, node))
    }
  }

  private inherit(node: TypeScript.ClassLikeDeclaration): void {
    const type = this.checker.getTypeAtLocation(node)
    for (const clause of node.heritageClauses ?? [])
      for (const base of clause.types) this.meet(type, this.checker.getTypeAtLocation(base))
  }

  /** Whatever is told to be of a type without the compiler's knowledge has been made by somebody else. */
  private predicate({ type, parameterName }: TypeScript.TypePredicateNode): void {
    const parameter = this.checker.getSymbolAtLocation(parameterName)
    if (type && parameter && saysNothing(this.checker.getTypeOfSymbol(parameter)))
      this.keep(this.checker.getTypeFromTypeNode(type), 'predicate')
  }

  /** A type of an object: its names are together. */
  private see(type: Type): void {
    if (this.seen.has(type)) return
    this.seen.add(type)
    if (type.isUnion()) for (const one of type.types) this.see(one)
    if (type.flags & ts.TypeFlags.TypeParameter) {
      const constraint = this.checker.getBaseConstraintOfType(type)
      if (constraint) this.see(constraint)
    }
    if (!isObject(type)) return
    const names = new Set<string>()
    for (const property of this.checker.getPropertiesOfType(type)) {
      if (property.flags & ts.SymbolFlags.Optional) this.unsure.add(property.name)
      if (!this.isForeign(property)) names.add(property.name)
    }
    if (names.size > 1) this.sets.set([...names].sort().join(), names)
  }

  /** Values of one type are taken for values of another. */
  private meet(given: Type, wanted: Type, depth = 0): void {
    if (given === wanted || depth > DEPTH) return
    const others = this.met.get(given) ?? new Set()
    this.met.set(given, others)
    if (others.has(wanted)) return
    others.add(wanted)
    this.see(wanted)
    if (saysNothing(given)) {
      this.keep(wanted, 'from unknown')
      return
    }
    if (saysNothing(wanted)) {
      this.keep(given, 'to unknown')
      return
    }
    for (const one of partsOf(given))
      for (const other of partsOf(wanted)) this.meetParts(one, other, depth + 1)
  }

  private meetParts(given: Type, wanted: Type, depth: number): void {
    if (!isObject(given) || !isObject(wanted)) return
    const { checker } = this
    const [inner, outer] = [given, wanted].map(type =>
      checker.getTypeArguments(type as TypeScript.TypeReference),
    )
    for (const [i, one] of (inner ?? []).entries()) {
      const other = outer?.[i]
      if (other) this.meetInner(one, other, depth)
    }
    // Of two types of the platform, such as an array and an iterable, only what they hold can be ours.
    if (this.isPlatform(given) && this.isPlatform(wanted)) return
    for (const property of checker.getPropertiesOfType(wanted)) {
      const own = checker.getPropertyOfType(given, property.name)
      if (own === undefined || own === property) continue
      const [one, other] = [this.isForeign(own), this.isForeign(property)]
      // One without a declaration is what a pattern implies, or a key of a Record, which is a text somewhere.
      if (one !== other && own.declarations && property.declarations) this.keepName(property.name, 'both')
      if (one && other) continue
      this.meetInner(checker.getTypeOfSymbol(own), checker.getTypeOfSymbol(property), depth)
    }
    const [one, other] = [given, wanted].map(
      type => type.getCallSignatures()[0] ?? type.getConstructSignatures()[0],
    )
    if (!one || !other) return
    this.meetInner(one.getReturnType(), other.getReturnType(), depth)
    for (const [i, parameter] of one.getParameters().entries()) {
      const handed = other.getParameters()[i]
      if (handed) this.meetInner(checker.getTypeOfSymbol(handed), checker.getTypeOfSymbol(parameter), depth)
    }
  }

  /** What two types that meet hold. */
  private meetInner(given: Type, wanted: Type, depth: number): void {
    if (!saysNothing(given) && !saysNothing(wanted)) this.meet(given, wanted, depth)
  }

  private isPlatform(type: Type): boolean {
    const symbol = type.getSymbol()
    return symbol?.declarations !== undefined && this.isForeign(symbol)
  }

  /** The names of a type, and of what it holds, are known to somebody else. */
  private keep(type: Type, why: string, depth = 0): void {
    if (this.kept.has(type) || depth > DEPTH) return
    this.kept.add(type)
    for (const part of partsOf(type)) {
      // Data only: an instance of a class of ours is not what is written down or posted.
      if (!isObject(part) || part.isClass() || part.getCallSignatures().length > 0) continue
      for (const inner of this.checker.getTypeArguments(part as TypeScript.TypeReference) ?? [])
        this.keep(inner, why, depth + 1)
      for (const property of this.checker.getPropertiesOfType(part)) {
        if (this.isForeign(property)) continue
        this.keepName(property.name, why)
        this.keep(this.checker.getTypeOfSymbol(property), why, depth + 1)
      }
    }
  }

  /** Every text that stands in a file may be the name of a property. */
  private keepTexts(node: Node): void {
    if (ts.isStringLiteralLike(node)) this.keepName(node.text, 'text')
    ts.forEachChild(node, child => this.keepTexts(child))
  }

  private keepName(name: string, why: string): void {
    if (this.foreign.has(name)) return
    const file = this.node?.getSourceFile()
    const line = file && this.node ? file.getLineAndCharacterOfPosition(this.node.getStart()).line + 1 : 0
    this.foreign.set(name, `${why} ${file?.fileName}:${line}`)
  }

  /** Its names may be looked up where they are not. */
  private lookedUp(type: Type): void {
    for (const part of partsOf(type))
      if (isObject(part)) for (const { name } of this.checker.getPropertiesOfType(part)) this.unsure.add(name)
  }

  /** Whether any declaration of a property is not in our source. One without any is made of a text, such as a key of a Record. */
  private isForeign({ declarations = [] }: TypeScript.Symbol): boolean {
    return (
      declarations.length === 0 || declarations.some(each => isAmbient(each) || !this.isOurs(fileOf(each)))
    )
  }
}

const fileOf = (node: Node): string => node.getSourceFile().fileName

/** In a declaration file, or below a `declare`: what we say of others. */
function isAmbient(node: Node): boolean {
  if (ts.isSourceFile(node)) return node.isDeclarationFile
  const isDeclared =
    ts.canHaveModifiers(node) &&
    ts.getModifiers(node)?.some(each => each.kind === ts.SyntaxKind.DeclareKeyword)
  return isDeclared === true || isAmbient(node.parent)
}

const isObject = ({ flags }: Type): boolean =>
  (flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0

const saysNothing = ({ flags }: Type): boolean =>
  (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.NonPrimitive)) !== 0

const partsOf = (type: Type): readonly Type[] => (type.isUnion() ? type.types : [type])
